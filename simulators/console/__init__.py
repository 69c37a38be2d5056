"""The control API under ``/_sandbox/`` and the pages for people, on the console port."""
