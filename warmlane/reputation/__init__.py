"""What others say of a lane's address and a campaign's domain: blocklists, reverse DNS, authentication, providers."""
