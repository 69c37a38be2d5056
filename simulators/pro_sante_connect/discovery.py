"""The discovery document and the key set (facts psc §1.3)."""

from __future__ import annotations

from typing import Any, Final

from simulators.core.exchange import Answer, Call
from simulators.core.oidc import answers
from simulators.core.oidc.keys import jwks as key_set
from simulators.core.oidc.keys import signing_key
from simulators.pro_sante_connect.model import PscRequest
from simulators.pro_sante_connect.names import AUTHORIZE, CIBA_GRANT, NAME, SCOPES, STANDARD_DISCOVERY
from simulators.pro_sante_connect.rules import request as rules
from simulators.pro_sante_connect.settings import DISCOVERY, STANDARD

_CACHED: Final = {"Cache-Control": "no-cache, must-revalidate, no-transform, no-store"}
_ASYMMETRIC: Final = ["PS384", "RS384", "EdDSA", "ES384", "ES256", "RS256", "ES512", "PS256", "PS512", "RS512"]
_METHODS: Final = ["client_secret_basic", "client_secret_post", "tls_client_auth"]


def discovery(call: Call, request: PscRequest) -> Answer:
    """Under the national name, and under the standard one where the world serves it."""
    if request.path == STANDARD_DISCOVERY and not STANDARD.flag(call.world.policy):
        found, expected = "openid-configuration", "wallet-openid-configuration"
        raise call.refusal(rules.STANDARD_NAME.finding("path", found=found, expected=expected))
    document = _document(request)
    if DISCOVERY.text(call.world.policy) == "national":
        document |= _national(request)
    return answers.json_answer(document, headers=_CACHED)


def jwks(call: Call, request: PscRequest) -> Answer:
    signing_key(call.tx, NAME, call.runtime.new_key)
    return answers.json_answer(key_set(call.tx, NAME), headers=_CACHED)


def _document(request: PscRequest) -> dict[str, Any]:
    """What this sandbox plays."""
    connect = f"{request.issuer}/protocol/openid-connect"
    endpoints = {
        "token_endpoint": f"{connect}/token",
        "introspection_endpoint": f"{connect}/token/introspect",
        "userinfo_endpoint": f"{connect}/userinfo",
        "revocation_endpoint": f"{connect}/revoke",
        "backchannel_authentication_endpoint": f"{connect}/ext/ciba/auth",
    }
    return {
        "issuer": request.issuer,
        "authorization_endpoint": f"{request.wallet}{AUTHORIZE}",
        **endpoints,
        "end_session_endpoint": f"{connect}/logout",
        "jwks_uri": f"{connect}/certs",
        "grant_types_supported": ["authorization_code", "refresh_token", CIBA_GRANT],
        "acr_values_supported": ["0", "0"],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["public", "pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": _METHODS,
        "introspection_endpoint_auth_methods_supported": _METHODS,
        "revocation_endpoint_auth_methods_supported": _METHODS,
        "claims_supported": [
            *("aud", "sub", "iss", "auth_time", "name", "given_name", "family_name"),
            *("preferred_username", "email", "acr"),
        ],
        "claim_types_supported": ["normal"],
        "claims_parameter_supported": False,
        "scopes_supported": list(SCOPES),
        "code_challenge_methods_supported": ["plain", "S256"],
        "tls_client_certificate_bound_access_tokens": False,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
        "backchannel_token_delivery_modes_supported": ["poll", "ping"],
        "require_pushed_authorization_requests": False,
        "authorization_response_iss_parameter_supported": True,
        "mtls_endpoint_aliases": endpoints,
    }


def _national(request: PscRequest) -> dict[str, Any]:
    """The lists of the national document, which are those of its engine rather than what a client may use."""
    connect = f"{request.issuer}/protocol/openid-connect"
    methods = ["private_key_jwt", "client_secret_basic", "client_secret_post", "tls_client_auth", "client_secret_jwt"]
    signing = ["PS384", "RS384", "EdDSA", "ES384", "HS256", "HS512", "ES256", "RS256", "HS384", "ES512"]
    signing += ["PS256", "PS512", "RS512"]
    types = ["code", "none", "id_token", "token", "id_token token", "code id_token", "code token"]
    modes = ["query", "fragment", "form_post", "query.jwt", "fragment.jwt", "form_post.jwt", "jwt"]
    return {
        "check_session_iframe": f"{connect}/login-status-iframe.html",
        "registration_endpoint": f"{request.issuer}/clients-registrations/openid-connect",
        "device_authorization_endpoint": f"{connect}/auth/device",
        "pushed_authorization_request_endpoint": f"{connect}/ext/par/request",
        "grant_types_supported": [
            *("authorization_code", "implicit", "refresh_token", "password", "client_credentials", CIBA_GRANT),
            "urn:ietf:params:oauth:grant-type:device_code",
        ],
        "response_types_supported": [*types, "code id_token token"],
        "response_modes_supported": modes,
        "id_token_signing_alg_values_supported": signing,
        "userinfo_signing_alg_values_supported": [*signing, "none"],
        "token_endpoint_auth_methods_supported": methods,
        "introspection_endpoint_auth_methods_supported": methods,
        "revocation_endpoint_auth_methods_supported": methods,
        "claims_parameter_supported": True,
        "tls_client_certificate_bound_access_tokens": True,
        "frontchannel_logout_supported": True,
        "frontchannel_logout_session_supported": True,
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
        "backchannel_authentication_request_signing_alg_values_supported": _ASYMMETRIC,
        "request_parameter_supported": True,
        "request_uri_parameter_supported": True,
        "require_request_uri_registration": True,
    }
