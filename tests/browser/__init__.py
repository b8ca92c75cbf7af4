"""The exporter's pages in a real browser."""
