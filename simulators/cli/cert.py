"""``cert issue | bad | revoke``: certificates of any structure id, right ones and wrong ones on purpose."""

from __future__ import annotations

import argparse
from pathlib import Path

from simulators.cli.codes import PASS
from simulators.cli.remote import add_endpoints, add_verb, add_world, running
from simulators.clients.control import Control, world_path
from simulators.core.errors import EnvironmentProblem
from simulators.core.pki import CATALOGUE
from simulators.core.pki.files import write_atomic


def arguments(parser: argparse.ArgumentParser) -> None:
    add_endpoints(parser)
    add_world(parser)
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    issue = add_verb(verbs, "issue", "certificates of one structure")
    issue.add_argument("--structure", required=True, metavar="ID", help="1 + FINESS, 3 + SIRET, or SIM-ANY")
    issue.add_argument("--out", required=True, type=Path, metavar="DIR")
    bad = add_verb(verbs, "bad", "a certificate that is wrong on purpose; 'list' names them")
    bad.add_argument("name", help="for example expired, revoked, foreign; or list")
    bad.add_argument("--structure", default="10B0999009", metavar="ID")
    bad.add_argument("--out", type=Path, default=Path(), metavar="DIR")
    revoke = add_verb(verbs, "revoke", "revoke the certificates of a structure; the next issue makes new ones")
    revoke.add_argument("--structure", required=True, metavar="ID")


def run(options: argparse.Namespace) -> int:
    if options.verb == "bad":
        return _bad(options)
    remote = running(options.endpoints)
    if options.verb == "revoke":
        path = f"{world_path(options.world)}/certificates/revoke"
        print("\n".join(remote.call("POST", path, {"structure": options.structure})["revoked"]))
        return PASS
    issue(remote, options.world, options.structure, options.out)
    return PASS


def issue(remote: Control, world: str, structure: str, folder: Path) -> None:
    """Writes AUTH_CLI and SIGN of a structure in every form. Raises ``Refusal``, ``EnvironmentProblem``."""
    made = remote.call("POST", f"{world_path(world)}/certificates", {"structure": structure})
    for use in ("auth_cli", "sign"):
        for form, path in made["files"][use].items():
            if form != "fingerprint":
                _copy(Path(path), folder)
    _copy(Path(remote.document["trust"]["roots"]), folder)
    print(f"{folder}: auth_cli.*, sign.*, roots.pem (PKCS#12 password: {made['files']['password']})")


def _bad(options: argparse.Namespace) -> int:
    if options.name == "list":
        for name, entry in CATALOGUE.items():
            print(f"{name:24} {entry.purpose.fr}\n{'':24} {entry.purpose.en}")
        return PASS
    remote = running(options.endpoints)
    body = {"name": options.name, "structure": options.structure}
    made = remote.call("POST", f"{world_path(options.world)}/certificates/bad", body)
    for path in made["files"].values():
        _copy(Path(path), options.out)
    print(f"{options.out / options.name}.*: {made['purpose']['en']}")
    return PASS


def _copy(source: Path, folder: Path) -> None:
    """What holds a key is readable by its owner only, from its first byte."""
    try:
        data = source.read_bytes()
    except OSError as problem:
        raise EnvironmentProblem(f"{source} is not on this machine: use POST /worlds/.../certificates") from problem
    write_atomic(folder / source.name, data, private="key" in source.name or source.suffix == ".p12")
