"""Paths and words of the national provider (facts psc §1.2)."""

from __future__ import annotations

from typing import Final

NAME: Final = "pro_sante_connect"
WALLET, AUTH = "wallet", "psc"
REALM: Final = "/auth/realms/esante-wallet"
CONNECT: Final = f"{REALM}/protocol/openid-connect"
DISCOVERY: Final = f"{REALM}/.well-known/wallet-openid-configuration"
STANDARD_DISCOVERY: Final = f"{REALM}/.well-known/openid-configuration"
AUTHORIZE: Final = "/auth"
"""On the wallet host."""
CIBA_GRANT: Final = "urn:openid:params:grant-type:ciba"
SCOPES: Final = (
    *("openid", "microprofile-jwt", "rpps", "referentiel", "web-origins", "basic", "identity", "acr"),
    *("offline_access", "eidas1", "profile", "roles", "email", "scope_all", "phone", "interop", "scope_1"),
    *("address", "scope_2", "eidas2"),
)
FEDERATION: Final = "f:550dc1c8-d97b-4b1e-ac8c-8eb4471cf9dd"
"""Prefix of ``sub``: constant in the national sandbox from 2021 to 2023."""
MOBILE, CARD = "MOBILE", "CARD"
CLIENT_ROUTE: Final = "oidc-client"


def subject_of(national_id: str) -> str:
    """``sub`` of a person: ``f:<uuid>:<national id>``."""
    return f"{FEDERATION}:{national_id}"
