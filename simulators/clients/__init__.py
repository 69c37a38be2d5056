"""Our own clients: what scenarios, readiness, load tools and the PFI speak with. Imports no simulator."""
