"""``trust kit``: every file a product, a machine or a person installs to trust the running sandbox."""

from __future__ import annotations

import argparse
from pathlib import Path

from cryptography import x509

from simulators.assembly.endpoints import PASSWORD
from simulators.assembly.trust_kit.kit import kit
from simulators.cli.cert import issue
from simulators.cli.codes import PASS
from simulators.cli.remote import add_endpoints, add_verb, add_world, running
from simulators.core.pki.files import write_atomic


def arguments(parser: argparse.ArgumentParser) -> None:
    add_endpoints(parser)
    add_world(parser)
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    made = add_verb(verbs, "kit", "roots, trust stores, install and uninstall scripts / le kit de confiance")
    made.add_argument("--out", required=True, type=Path, metavar="DIR")
    made.add_argument(
        "--structure",
        action="append",
        default=[],
        metavar="ID",
        help="also AUTH_CLI and SIGN of this structure, in DIR/ID (may be repeated)",
    )


def run(options: argparse.Namespace) -> int:
    remote = running(options.endpoints)
    trust = remote.document["trust"]
    roots = x509.load_pem_x509_certificates(trust["pem"].encode())
    files = kit(roots, trust["ocsp"].removesuffix("/ocsp"), trust["crl"])
    for name, data in files.items():
        path = options.out / name
        write_atomic(path, data)
        if name.endswith(".sh"):
            path.chmod(0o755)
    print(f"{options.out}: {', '.join(files)} (PKCS#12: {PASSWORD})")
    for structure in options.structure:
        issue(remote, options.world, structure, options.out / structure)
    return PASS
