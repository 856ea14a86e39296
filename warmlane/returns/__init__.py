"""What comes back by mail: the token that says whose it is, and the parsers of bounces, complaints and replies."""
