"""`warmlane dash`: the committed dashboards drawn from the environment's Prometheus, where there is no Grafana."""
