"""The Ségur sandbox: unofficial simulators of French e-health services."""

__version__ = "0.1.0"
