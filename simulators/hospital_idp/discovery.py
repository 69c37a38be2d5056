"""What a provider says of itself: the discovery document (OpenID Connect Discovery 1.0 §3) and its keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from simulators.core.exchange import Answer, Call
from simulators.core.oidc import answers
from simulators.core.oidc.jose import SigningKey
from simulators.core.oidc.keys import jwks, rotate, signing_key
from simulators.core.store.api import Tx
from simulators.hospital_idp import operations as at
from simulators.hospital_idp.model import IdpRequest
from simulators.hospital_idp.names import SCOPES, keyring
from simulators.hospital_idp.providers import Provider
from simulators.hospital_idp.redirecting import MODES

AUTH_METHODS: Final = ("client_secret_basic", "client_secret_post", "private_key_jwt", "none")
ASSERTION_ALGORITHMS: Final = ("RS256", "ES256")
_PUBLIC: Final = {"Cache-Control": "no-cache"}


def document(issuer: str, provider: Provider) -> dict[str, Any]:
    """The metadata of ``provider`` for who knows it as ``issuer``."""
    told = (provider.login_claim, provider.rpps_claim, provider.groups_claim)
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}{at.AUTHORIZATION.path}",
        "token_endpoint": f"{issuer}{at.TOKEN.path}",
        "userinfo_endpoint": f"{issuer}{at.USERINFO.path}",
        "jwks_uri": f"{issuer}{at.JWKS.path}",
        "introspection_endpoint": f"{issuer}{at.INTROSPECTION.path}",
        "revocation_endpoint": f"{issuer}{at.REVOCATION.path}",
        "end_session_endpoint": f"{issuer}{at.LOGOUT.path}",
        "scopes_supported": list(SCOPES),
        "response_types_supported": ["code"],
        "response_modes_supported": list(MODES),
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [provider.algorithm],
        "token_endpoint_auth_methods_supported": list(AUTH_METHODS),
        "token_endpoint_auth_signing_alg_values_supported": list(ASSERTION_ALGORITHMS),
        "introspection_endpoint_auth_methods_supported": list(AUTH_METHODS[:3]),
        "revocation_endpoint_auth_methods_supported": list(AUTH_METHODS),
        "code_challenge_methods_supported": ["S256"],
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "claims_supported": [
            *("sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "sid", "name", "given_name", "family_name"),
            *("email", "email_verified", *filter(None, told)),
        ],
        "ui_locales_supported": ["fr", "en"],
        "claims_parameter_supported": False,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
        "authorization_response_iss_parameter_supported": True,
    }


def perform(call: Call, request: IdpRequest, provider: Provider) -> Answer:
    """``GET <issuer>/.well-known/openid-configuration``."""
    return answers.json_answer(document(request.issuer, provider), headers=_PUBLIC)


def perform_jwks(call: Call, request: IdpRequest, provider: Provider) -> Answer:
    """``GET <issuer>/jwks``; the address of no world serves the keys of all."""
    current_key(call, provider)
    found = jwks(call.tx, keyring(provider.name), everywhere=call.arrival.address_world is None)
    return answers.json_answer(found, headers=_PUBLIC)


def current_key(call: Call, provider: Provider) -> SigningKey:
    """The key that signs now, made at the first call."""
    maker = _maker(provider, call.runtime.new_key)
    return signing_key(call.tx, keyring(provider.name), maker, provider.algorithm)


def new_key(tx: Tx, provider: Provider, rsa_key: Callable[[], bytes]) -> SigningKey:
    """Another key signs from now on; the older ones stay published."""
    return rotate(tx, keyring(provider.name), _maker(provider, rsa_key), provider.algorithm)


def _maker(provider: Provider, rsa_key: Callable[[], bytes]) -> Callable[[], bytes]:
    return _elliptic_key if provider.algorithm == "ES256" else rsa_key


def _elliptic_key() -> bytes:
    """A P-256 private key, as PKCS#8 PEM."""
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption())
