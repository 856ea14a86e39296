"""Warm-up: published plans and the schedule that follows from one."""
