"""Egress strategies: how mail leaves with a lane's address. Receivers judge the source, so it is the lane's."""
