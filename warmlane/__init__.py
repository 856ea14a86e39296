"""The domain of Warmlane in plain Python: no Pulumi, no cluster, no cloud."""
