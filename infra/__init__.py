"""The environment program: lanes, who holds them, and the platform's services. A stack is an environment."""
