"""How the queue of a pod that goes gets to one that stays: sealed, to a sibling or, without one, to a volume."""
