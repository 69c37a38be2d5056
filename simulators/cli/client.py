"""``client``: list | add | remove | promote CLIENT_ID. The OpenID clients of Pro Santé Connect."""

from __future__ import annotations

import argparse
from typing import Any

from simulators.cli.codes import PASS
from simulators.cli.remote import add_endpoints, add_verb, add_world, running
from simulators.clients.control import world_path

AUTH = ("any", "client_secret_basic", "client_secret_post", "tls_client_auth", "secret+cert", "none")
TEXTS = ("name", "secret", "auth", "subject_dn", "fingerprint", "delivery", "notification_endpoint")


def arguments(parser: argparse.ArgumentParser) -> None:
    add_endpoints(parser)
    add_world(parser)
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    add_verb(verbs, "list", "the clients of the world")
    add = add_verb(verbs, "add", "declare a client; one of that client_id is replaced as a whole")
    add.add_argument("client_id")
    _add_fields(add)
    for name, help in (("remove", "take a client away"), ("promote", "an adopted client counts as declared")):
        add_verb(verbs, name, help).add_argument("client_id")


def _add_fields(add: argparse.ArgumentParser) -> None:
    add.add_argument("--name", help="shown to people")
    add.add_argument("--secret", help="its client_secret")
    add.add_argument("--auth", choices=AUTH, help="how it authenticates (default: any, a secret by either way)")
    add.add_argument("--subject-dn", metavar="DN", help="subject of its certificate, RFC 4514")
    add.add_argument("--fingerprint", metavar="SHA256", help="of its certificate, in hexadecimal")
    add.add_argument("--redirect-uri", action="append", default=[], metavar="URI", help="may be repeated")
    add.add_argument("--post-logout-redirect-uri", action="append", default=[], metavar="URI", help="may be repeated")
    add.add_argument("--pkce-required", action="store_true")
    add.add_argument("--no-ciba", action="store_true", help="it may not use CIBA")
    add.add_argument("--no-introspection", action="store_true", help="it may not introspect tokens")
    add.add_argument("--delivery", choices=("poll", "ping"), help="of CIBA answers (default: poll)")
    add.add_argument("--notification-endpoint", metavar="URL", help="called in ping mode; name its host to `up`")


def run(options: argparse.Namespace) -> int:
    remote = running(options.endpoints)
    path = f"{world_path(options.world)}/psc/clients"
    if options.verb == "list":
        for client in remote.call("GET", path)["clients"]:
            print(told(client))
    elif options.verb == "add":
        print(told(remote.call("POST", path, fields(options))))
    else:
        remote.call("POST", f"{path}/{options.verb}", {"client_id": options.client_id})
        print(f"{options.client_id} {options.verb}d")
    return PASS


def fields(options: argparse.Namespace) -> dict[str, Any]:
    """The client of a parsed command line; what was not given keeps its default."""
    given = {name: getattr(options, name) for name in TEXTS if getattr(options, name) is not None}
    return {
        **given,
        "client_id": options.client_id,
        "redirect_uris": options.redirect_uri,
        "post_logout_redirect_uris": options.post_logout_redirect_uri,
        "pkce_required": options.pkce_required,
        "ciba": not options.no_ciba,
        "introspection": not options.no_introspection,
    }


def told(client: dict[str, Any]) -> str:
    """One client on a few lines, its secret included: these are test secrets, to be copied."""
    rights = [name for name in ("ciba", "introspection", "pkce_required", "adopted") if client[name]]
    lines = [f"{client['client_id']}  {client['name']}".rstrip(), f"  auth {client['auth']}  {' '.join(rights)}"]
    shown = ("secret", "subject_dn", "fingerprint", "notification_endpoint")
    lines += [f"  {name} {client[name]}" for name in shown if client[name]]
    lines += [f"  redirect_uri {uri}" for uri in client["redirect_uris"]]
    lines += [f"  post_logout_redirect_uri {uri}" for uri in client["post_logout_redirect_uris"]]
    return "\n".join(lines)
