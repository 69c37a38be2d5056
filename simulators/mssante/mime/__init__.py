"""The structure of a mail, read from its raw bytes: where each part begins and ends, and what IMAP says of it."""
