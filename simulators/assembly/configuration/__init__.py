"""Every value a vendor types into a settings screen, in the words of such screens, with a light for each service."""
