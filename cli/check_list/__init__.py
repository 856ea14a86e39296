"""`warmlane check-list`: the checks of the gate over a CSV of recipients, before the first message."""
