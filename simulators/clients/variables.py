"""A running sandbox as environment variables, for a product or a test in any language.

========================================  ==========================================================================
variable                                  value
========================================  ==========================================================================
``SEGUR_CONSOLE_URL``                     pages for people
``SEGUR_CONTROL_URL``, ``SEGUR_TOKEN``    control API and its bearer token
``SEGUR_WORLD``                           the world of this run
``SEGUR_<SERVICE>_URL``                   scheme, host, port and world prefix, e.g. ``SEGUR_DMP_URL``, for one port
``SEGUR_<SERVICE>_<NAME>``                each address of a service, e.g. ``SEGUR_DMP_PATIENTS``
``SEGUR_<SERVICE>_CLIENT_ID``             the OpenID client made with the world, e.g. ``SEGUR_PSC_CLIENT_ID``
``SEGUR_<SERVICE>_CLIENT_SECRET``         and its secret
``SEGUR_ROOTS``, ``SEGUR_ROOTS_URL``      root certificates: a PEM file, and where plain HTTP serves it
``SEGUR_STRUCTURE``                       identifier of the structure the next six belong to
``SEGUR_AUTH_CLI_CERTIFICATE|KEY|CHAIN``  PEM files of its authentication certificate
``SEGUR_SIGN_CERTIFICATE|KEY|CHAIN``      PEM files of its signature certificate
========================================  ==========================================================================
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

SHORT = {"pro_sante_connect": "PSC"}
TRUSTING = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
"""Where OpenSSL, Go and Python, requests, curl and Node read their roots; Java and Windows have no such variable."""


def variables(document: Mapping[str, Any], world: Mapping[str, Any], structure: str = "hospital") -> dict[str, str]:
    """``document``: endpoints.json; ``world``: its description with certificates; ``structure``: the reference name
    or identifier whose files are named."""
    found = {
        "SEGUR_CONSOLE_URL": document["console"],
        "SEGUR_CONTROL_URL": document["control"]["url"],
        "SEGUR_TOKEN": document["control"]["token"],
        "SEGUR_WORLD": world["name"],
        "SEGUR_ROOTS": document["trust"]["roots"],
        "SEGUR_ROOTS_URL": document["trust"]["roots_url"],
    }
    for service, urls in addresses(document, world).items():
        found |= _service(SHORT.get(service, service), urls, world["name"])
    return found | _clients(world) | _files(world, structure)


def addresses(document: Mapping[str, Any], world: Mapping[str, Any]) -> Mapping[str, Mapping[str, str]]:
    """The services' URLs in a world; the default world also answers without a prefix, on the production paths."""
    services: Mapping[str, Mapping[str, str]] = (document if world["name"] == "main" else world)["services"]
    return services


def base_url(urls: Mapping[str, str], world: str) -> str:
    """Scheme, host and port of a service, with the world's prefix where its addresses have it. Raises ``KeyError``."""
    if not urls:
        raise KeyError("this service names no address")
    parts = urlsplit(next(iter(urls.values())))
    prefix = f"/w/{world}" if parts.path.startswith(f"/w/{world}/") else ""
    return f"{parts.scheme}://{parts.netloc}{prefix}"


def trusting(roots: str) -> dict[str, str]:
    """Makes the usual TLS libraries trust the simulation's roots, and nothing else."""
    return dict.fromkeys(TRUSTING, roots)


def _service(name: str, urls: Mapping[str, str], world: str) -> dict[str, str]:
    hosts = {urlsplit(url).netloc for url in urls.values()}
    found = {_variable(name, "url"): base_url(urls, world)} if len(hosts) == 1 else {}
    return found | {_variable(name, label): url for label, url in urls.items()}


def _clients(world: Mapping[str, Any]) -> dict[str, str]:
    """The first OpenID client of each provider."""
    found: dict[str, str] = {}
    for client in reversed(world.get("clients", ())):
        name = SHORT.get(client["provider"], client["provider"])
        found |= {_variable(name, "client_id"): client["client_id"], _variable(name, "client_secret"): client["secret"]}
    return found


def _files(world: Mapping[str, Any], structure: str) -> dict[str, str]:
    held = next((s for s in world["structures"] if structure in {s["slug"], s["id"]}), None)
    if held is None or "certificates" not in held:
        return {}
    found = {"SEGUR_STRUCTURE": held["id"]}
    for use in ("auth_cli", "sign"):
        files = held["certificates"][use]
        found |= {_variable(use, form): files[form] for form in ("certificate", "key", "chain")}
    return found


def _variable(*parts: str) -> str:
    return "SEGUR_" + re.sub(r"[^A-Z0-9]+", "_", "_".join(parts).upper())
