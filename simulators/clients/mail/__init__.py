"""Our own mail client: what relays between operators, readiness and tests of the wire speak with."""
