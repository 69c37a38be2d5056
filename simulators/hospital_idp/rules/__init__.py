"""The rules of the hospital provider, one file a subject."""
