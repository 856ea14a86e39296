"""`warmlane demo`: real mail through each sender of the lab, and what became of it."""
