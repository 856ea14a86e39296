"""The dashboards, built with Grafana's SDK and committed as JSON."""
