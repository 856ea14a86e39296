"""Monitoring of an environment: what is scraped, what raises an alarm, what is shown."""

from components.monitoring.component import Monitoring

__all__ = ["Monitoring"]
