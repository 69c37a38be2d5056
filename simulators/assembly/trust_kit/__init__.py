"""Trust in both directions: what a product installs to trust the sandbox, and the vendor's own test authorities."""
