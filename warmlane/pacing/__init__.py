"""Pacing: how much a lane may send today, and the tokens by which every delivery attempt takes part in it."""
