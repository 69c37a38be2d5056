"""Measured, reported, never gated: ``python -m benchmarks.run`` prints one table."""
