"""A hospital record (DPI): it sends its documents to a PFI, and takes those that mails brought."""
