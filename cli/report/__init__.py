"""`warmlane report`: what a change of the repository does to its environments, for a pull request."""
