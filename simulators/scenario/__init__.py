"""Scenario files: data, schema-checked; no code, no evaluation. They speak on the wire only."""
