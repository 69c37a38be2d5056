"""The settings as files: ``.env``, ``.properties``, JSON, Spring and mod_auth_openidc."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from simulators.assembly.configuration.model import Section, flat

_NOTICE: Final = "SIMULATION (Segur sandbox): test values, never a real service / valeurs d'essai"
Format = Callable[[Sequence[Section]], str]


def env(sections: Sequence[Section]) -> str:
    """Shell variables, in single quotes where needed."""
    lines = [f"{key}={shlex.quote(value)}" for key, value in flat(sections).items()]
    return "\n".join([f"# {_NOTICE}", *lines, ""])


def properties(sections: Sequence[Section]) -> str:
    """Java properties: ASCII, keys in lower case with dots."""
    lines = [f"segur.{key.lower().replace('_', '.')}={_escaped(value)}" for key, value in flat(sections).items()]
    return "\n".join([f"# {_escaped(_NOTICE)}", *lines, ""])


def as_json(sections: Sequence[Section]) -> str:
    """One object of texts."""
    return json.dumps({"notice": _NOTICE, **flat(sections)}, ensure_ascii=False, indent=1) + "\n"


def spring(sections: Sequence[Section]) -> str:
    """``application.yml`` of a Spring Boot OAuth2 login with both providers, and the trust of its client."""
    known = flat(sections)
    registrations = [_registration(known, *pair) for pair in _PROVIDERS if f"{pair[1]}_ISSUER" in known]
    providers = [_provider(known, *pair) for pair in _PROVIDERS if f"{pair[1]}_ISSUER" in known]
    head = [f"# {_NOTICE}", "spring:", "  security:", "    oauth2:", "      client:", "        registration:"]
    return "\n".join([*head, *registrations, "        provider:", *providers, ""])


def mod_auth_openidc(sections: Sequence[Section]) -> str:
    """Directives of Apache's mod_auth_openidc for Pro Santé Connect; the redirect address and passphrase are yours."""
    known = flat(sections)
    wanted = {
        "OIDCProviderMetadataURL": known.get("PSC_DISCOVERY_URL", ""),
        "OIDCProviderAuthorizationEndpoint": known.get("PSC_AUTHORIZATION_URL", ""),
        "OIDCClientID": known.get("PSC_CLIENT_ID", ""),
        "OIDCClientSecret": known.get("PSC_CLIENT_SECRET", ""),
        "OIDCClientTokenEndpointCert": known.get("AUTH_CLI_CERTIFICATE", ""),
        "OIDCClientTokenEndpointKey": known.get("AUTH_CLI_KEY", ""),
        "OIDCRedirectURI": known.get("PSC_REDIRECT_URI", ""),
        "OIDCScope": known.get("PSC_SCOPE", ""),
        "OIDCAuthRequestParams": f"acr_values={known.get('PSC_ACR_VALUES', '')}",
        "OIDCPKCEMethod": "S256",
        "OIDCSSLValidateServer": "On",
        "OIDCCABundlePath": known.get("ROOTS_PEM", ""),
        "OIDCRemoteUserClaim": "SubjectNameID",
        "OIDCStateTimeout": "120",
    }
    return "\n".join([f"# {_NOTICE}", *(_directive(name, value) for name, value in wanted.items()), ""])


_PROVIDERS: Final = (("psc", "PSC"), ("etablissement", "IDP"))


def _registration(known: Mapping[str, str], name: str, prefix: str) -> str:
    scopes = ", ".join(known[f"{prefix}_SCOPE"].split())
    return "\n".join(
        [
            f"          {name}:",
            f"            client-id: {json.dumps(known[f'{prefix}_CLIENT_ID'])}",
            f"            client-secret: {json.dumps(known[f'{prefix}_CLIENT_SECRET'])}",
            "            authorization-grant-type: authorization_code",
            '            redirect-uri: "{baseUrl}/login/oauth2/code/{registrationId}"',
            f"            scope: [{scopes}]",
        ]
    )


def _provider(known: Mapping[str, str], name: str, prefix: str) -> str:
    user = "SubjectNameID" if prefix == "PSC" else "sub"
    return "\n".join(
        [
            f"          {name}:",
            f"            issuer-uri: {json.dumps(known[f'{prefix}_ISSUER'])}",
            f"            user-name-attribute: {user}",
        ]
    )


def _escaped(value: str) -> str:
    units = value.replace("\\", "\\\\").encode("utf-16-be")
    codes = [int.from_bytes(units[at : at + 2], "big") for at in range(0, len(units), 2)]
    return "".join(chr(code) if 32 <= code < 127 else f"\\u{code:04x}" for code in codes)


def _directive(name: str, value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'{name} "{escaped}"'


FORMATS: Final[Mapping[str, tuple[str, str, Format]]] = {
    "env": ("segur.env", "text/plain; charset=utf-8", env),
    "properties": ("segur.properties", "text/plain; charset=us-ascii", properties),
    "json": ("segur.json", "application/json", as_json),
    "spring": ("application.yml", "text/plain; charset=utf-8", spring),
    "mod_auth_openidc": ("segur-psc.conf", "text/plain; charset=utf-8", mod_auth_openidc),
}
"""Name of the format → file name, media type, writer."""
