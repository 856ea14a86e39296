"""Mailbox providers' own daily figures: one file and one class a source, as `source.Source` says."""
