"""IHE XDM archives (``IHE_XDM.ZIP``): a hardened reader and a deterministic writer."""
