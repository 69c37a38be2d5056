"""OpenID Connect ground shared by providers: parameters, keys in the store, JOSE, answers. It knows no provider."""
