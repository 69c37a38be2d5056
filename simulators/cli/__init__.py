"""One file per command; ``main.py`` holds the table."""
