"""Everything needed to run Warmlane for real on one bare machine."""
