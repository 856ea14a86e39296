"""The lab's Kubernetes node: one file for each part, all of it confined so that `lab down` leaves nothing."""
