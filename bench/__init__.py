"""Ratios within one run and aimed-for figures, printed and judged here; timed tests judge nothing."""
