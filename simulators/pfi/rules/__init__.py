"""What a PFI checks of a document it is given: located rules, in the order of ``catalogue.CHECKS``."""
