"""Grafana's dashboards as typed code; grafana/dashboards/ holds the JSON that it writes."""
