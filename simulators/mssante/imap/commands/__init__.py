"""The commands, one file per family; each is a plain function from parsed arguments to what runs in a transaction."""
