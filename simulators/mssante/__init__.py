"""The MSSanté operator: mailboxes of a world, and the protocols that reach them."""
