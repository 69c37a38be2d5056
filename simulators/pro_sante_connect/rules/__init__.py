"""Rules of Pro Santé Connect, by what they look at."""
