"""``hosts``: the lines of a hosts file for the names that the shared HTTPS port answers to."""

from __future__ import annotations

import argparse
import os
from ipaddress import ip_address
from pathlib import Path

from simulators.assembly import hosts_file
from simulators.assembly.names import names_of
from simulators.assembly.services import load_services
from simulators.cli.codes import PASS


def arguments(parser: argparse.ArgumentParser) -> None:
    verb = parser.add_mutually_exclusive_group()
    verb.add_argument("--add", action="store_true", help="write the lines into the hosts file, in one marked block")
    verb.add_argument("--remove", action="store_true", help="take that block away again, byte for byte")
    parser.add_argument("--file", type=Path, metavar="PATH", help="hosts file (default: the one of this system)")
    parser.add_argument("--address", default="127.0.0.1", metavar="IP", help="where the sandbox is (default: here)")
    parser.add_argument("--public-host", default="localhost", metavar="NAME", help="as given to up")
    parser.add_argument(
        "--production-names", action="store_true", help="the names of the national services too: they lead here then"
    )


def run(options: argparse.Namespace) -> int:
    path = options.file or hosts_file.system_file(os.environ)
    if options.remove:
        changed = hosts_file.change(path, hosts_file.without_block(hosts_file.read(path)))
        print(f"{path}: {'as before / comme avant' if changed else 'no line of ours / aucune ligne à nous'}")
        return PASS
    names = names_of(load_services(), options.public_host, national=options.production_names)
    wanted = hosts_file.lines(str(ip_address(options.address)), names.table())
    if not options.add:
        print("\n".join(wanted))
        return PASS
    hosts_file.change(path, hosts_file.with_block(hosts_file.read(path), wanted))
    print(f"{path}: {len(wanted)} names; take them away / pour les retirer: segur-sandbox hosts --remove")
    if options.production_names:
        print("the NATIONAL services are out of reach from here until then / hors d'atteinte jusque-là")
    return PASS
