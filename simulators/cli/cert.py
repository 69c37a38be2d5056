"""``cert issue``: AUTH_CLI and SIGN for any structure id, in every file format."""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from simulators.cli.codes import PASS
from simulators.cli.remote import add_endpoints, add_world, running
from simulators.core.errors import EnvironmentProblem


def arguments(parser: argparse.ArgumentParser) -> None:
    add_endpoints(parser)
    add_world(parser)
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    issue = verbs.add_parser("issue", help="certificates of one structure")
    issue.add_argument("--structure", required=True, metavar="ID", help="1 + FINESS, 3 + SIRET, or SIM-ANY")
    issue.add_argument("--out", required=True, type=Path, metavar="DIR")
    add_world(issue)


def run(options: argparse.Namespace) -> int:
    remote = running(options.endpoints)
    made = remote.call("POST", f"/worlds/{options.world}/certificates", {"structure": options.structure})
    options.out.mkdir(parents=True, exist_ok=True)
    for use in ("auth_cli", "sign"):
        for form, path in made["files"][use].items():
            if form != "fingerprint":
                _copy(Path(path), options.out)
    shutil.copy(remote.document["trust"]["roots"], options.out / "roots.pem")
    print(f"{options.out}: auth_cli.*, sign.*, roots.pem (PKCS#12 password: {made['files']['password']})")
    return PASS


def _copy(source: Path, folder: Path) -> None:
    if not source.exists():
        raise EnvironmentProblem(f"{source} is not on this machine: use POST /worlds/.../certificates")
    target = folder / source.name
    shutil.copy(source, target)
    if "key" in target.name or target.suffix == ".p12":
        target.chmod(0o600)
