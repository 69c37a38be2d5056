"""``up``: start the sandbox and keep it up."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from simulators.assembly.endpoints import service_urls, targets
from simulators.assembly.settings import BASE_PORT, Settings
from simulators.cli.codes import PASS
from simulators.cli.network import print_names, warn_of_takeover
from simulators.cli.stopping import interruptible, wait_for_stop
from simulators.clients.outbound import named_host
from simulators.core.listeners import Limits, changed

if TYPE_CHECKING:
    from simulators.sandbox import Sandbox


def arguments(parser: argparse.ArgumentParser) -> None:
    add_settings(parser)


def add_settings(parser: argparse.ArgumentParser, endpoints: str = "write the endpoints here, once ready") -> None:
    """The arguments that ``up``, ``demo`` and ``exec`` share; ``endpoints`` says what that file is for."""
    parser.add_argument("--only", metavar="A,B", default="", help="start these simulators only")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--data", metavar="DIR|URL", help="folder, or postgresql://...")
    where.add_argument("--memory", action="store_true", help="nothing is kept after the stop (default)")
    parser.add_argument("--durable", action="store_true", help="acknowledged survives power loss too")
    parser.add_argument("--pki", type=Path, metavar="DIR", help="share this PKI folder")
    ports = parser.add_mutually_exclusive_group()
    ports.add_argument("--base-port", type=int, default=BASE_PORT, metavar="N")
    ports.add_argument("--random-ports", action="store_true")
    parser.add_argument("--bind", default="127.0.0.1", metavar="ADDR")
    parser.add_argument("--public-host", default="localhost", metavar="NAME", help="name put in every URL")
    parser.add_argument("--strict-tls", action="store_true", help="TLS 1.2 and the four national suites only")
    parser.add_argument("--trust-ca", type=Path, metavar="DIR", help="trust your own test authorities too")
    parser.add_argument("--https-port", type=int, metavar="N", help="one TLS port for all, told apart by name (SNI)")
    parser.add_argument(
        "--production-names", action="store_true", help="answer to the national host names too; prints the hosts lines"
    )
    parser.add_argument(
        "--issuer", choices=("fixed", "from-host"), default="fixed", help="name in tokens: fixed, or as asked for"
    )
    parser.add_argument(
        "--allow-host", action="append", default=[], metavar="NAME", help="a host the sandbox may call (repeatable)"
    )
    parser.add_argument(
        "--limit", action="append", default=[], metavar="NAME=VALUE", help="a listener limit, as body_bytes=1000000"
    )
    parser.add_argument("--endpoints", type=Path, metavar="FILE", help=endpoints)


def settings(options: argparse.Namespace, *worlds: str, publish: bool = True) -> Settings:
    """The settings value of a parsed command line, with these worlds besides ``main``."""
    return Settings(
        data=options.data,
        durable=options.durable,
        pki=options.pki,
        base_port=options.base_port,
        random_ports=options.random_ports,
        bind=options.bind,
        public_host=options.public_host,
        strict_tls=options.strict_tls,
        trust_ca=options.trust_ca,
        https_port=options.https_port,
        production_names=options.production_names,
        issuer=options.issuer,
        allow_hosts=tuple(map(named_host, options.allow_host)),
        limits=changed(Limits(), options.limit),
        only=tuple(name for name in options.only.split(",") if name),
        endpoints=options.endpoints,
        worlds=("main", *worlds),
        publish=publish,
    )


def run(options: argparse.Namespace) -> int:
    from simulators.cli.main import BANNER
    from simulators.sandbox import Sandbox

    print(BANNER, flush=True)
    wanted = settings(options)
    warn_of_takeover(wanted)
    with interruptible(), Sandbox(wanted) as sandbox:
        print_places(sandbox)
        wait_for_stop()
    return PASS


def print_places(sandbox: Sandbox) -> None:
    """Where everything listens, and what is kept."""
    print(f"{'data':12} {_kept(sandbox.settings.data)}")
    for name, url in sandbox.ports.table().items():
        print(f"{name:12} {url}")
    print(f"{'settings':12} {sandbox.console_url}/config")
    urls = {f"{s.name}.{label}": url for s in sandbox.services for label, url in service_urls(sandbox, s.name).items()}
    width = max(map(len, urls), default=0)
    for name, url in urls.items():
        print(f"  {name:{width}} {url}")
    print_names(sandbox)
    for target in targets(sandbox):
        print(f"{'endpoints':12} {target}")
    print("ready; Ctrl-C stops / prêt ; Ctrl-C arrête", flush=True)


def _kept(data: str | Path | None) -> str:
    if data is None:
        return "memory: nothing is kept after the stop / en mémoire : rien n'est gardé après l'arrêt"
    parts = urlsplit(str(data))
    return str(data).replace(f":{parts.password}@", ":***@", 1) if parts.password else str(data)
