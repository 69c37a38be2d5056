"""The IMAP server: a session without sockets over the mail store (ADR 12)."""
