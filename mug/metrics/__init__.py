"""Metrics that compare charts with people's charts: see docs/metrics.md."""
