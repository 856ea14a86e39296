"""The keeper: makes the store's database, its roles and its lanes as the environment's program says."""
