"""Tests of the live shell, against a Prometheus that can misbehave on purpose."""
