"""The guardian: reads what became of the mail, decides by `warmlane.feedback`, and holds campaigns in the cluster."""
