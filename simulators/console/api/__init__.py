"""One file per family of the control API; each is a list of routes read by Flask and by OpenAPI."""
