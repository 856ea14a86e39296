"""The reflector: tells a sender, outside of its cluster, from which address its connections come."""
