"""Authlib's server core inside our exchange. Nothing here is imported before the first request: authlib takes 0.9 s."""
