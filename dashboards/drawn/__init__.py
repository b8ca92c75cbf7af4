"""Pictures of the committed dashboards without Grafana: their JSON, a Prometheus' answers, and matplotlib."""
