"""Names and paths of the hospital provider."""

from __future__ import annotations

import re
from typing import Final

NAME: Final = "hospital_idp"
LISTENER: Final = "hospital-idp"
DEFAULT: Final = "chu"
"""The provider each world is born with."""
ROOT: Final = "/idp"
CLIENT_ROUTE: Final = "oidc-client"
SCOPES: Final = ("openid", "profile", "email", "offline_access")
PROVIDER_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,28}[a-z0-9])?", re.ASCII)


def keyring(provider: str) -> str:
    """The name under which the shared ground keeps a provider's signing keys."""
    return f"{NAME}/{provider}"


def cookie_name(world: str, provider: str) -> str:
    """Two worlds, or two providers, open in one browser do not meet."""
    return f"{LISTENER}_{world}_{provider}"
