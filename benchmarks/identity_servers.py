"""Our Pro Santé Connect and two other OpenID providers, each as a process of its own with one client, over TLS.

The others come from npm and Maven Central, at the versions pinned under ``counterparts/``, into the user's cache.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from cryptography.hazmat.primitives.serialization import Encoding

from benchmarks.identity_driver import Driver, Provider, metadata
from simulators.clients.control import Control
from simulators.core.clock import system_now
from simulators.core.pki import IssuedCertificate, KeyPool, Pki

T = TypeVar("T")
SOURCES: Final = Path(__file__).resolve().parent / "counterparts"
COPY: Final = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies"
BACK: Final = "https://product.test/callback"
CLIENT, SECRET, PASSWORD = "benchmark", "benchmark-secret", "benchmark"
START_S: Final = 60.0
AT_ONCE: Final = {"psc.ciba-auto": "approve", "psc.ciba-auto-after-polls": "0"}


class Missing(RuntimeError):
    """What a counterpart needs is not on this machine, or cannot be fetched."""


@dataclass(frozen=True)
class Running:
    """A provider that has signed somebody in; ``first_login`` is in seconds since its process was started."""

    provider: Provider
    pid: int
    first_login: float


Start = Callable[[Path], AbstractContextManager[Running]]


# --- ours


@contextmanager
def ours(folder: Path, *options: str, name: str = "this sandbox") -> Iterator[Running]:
    """``up`` with its defaults: store in memory, journal written, readiness proved. Keys and PKI are in ``folder``."""
    path = folder / "endpoints.json"
    path.unlink(missing_ok=True)
    command = [sys.executable, "-m", "simulators.cli.main", "up", "--random-ports", "--endpoints", str(path), *options]
    with _process(command, folder, XDG_CACHE_HOME=str(folder)) as process:
        _wait(process, folder, path.exists)
        yield _signed_in(process, _our_provider(json.loads(path.read_text("utf-8")), name))


def let_devices_approve(folder: Path) -> None:
    """Every e-CPS of our sandbox approves at the first poll."""
    document = json.loads((folder / "endpoints.json").read_text("utf-8"))
    Control(document).call("PATCH", "/worlds/main/policy", {"settings": AT_ONCE})


def _our_provider(document: Mapping[str, Any], name: str) -> Provider:
    world, context = document["worlds"]["main"], ssl.create_default_context(cadata=document["trust"]["pem"])
    client = next(c for c in world["clients"] if c["provider"] == "pro_sante_connect")
    person = next(p["id"] for p in world["professionals"] if p["slug"] == "hospital-specialist")
    usual = {"acr_values": "eidas1", "login_hint": person}
    return Provider(
        name=name,
        metadata=metadata(document["services"]["pro_sante_connect"]["discovery"], context),
        client_id=client["client_id"],
        secret=client["secret"],
        redirect_uri=BACK,
        scope="openid scope_all",
        extra=usual,
        context=context,
        ciba={**usual, "scope": "openid scope_all", "binding_message": "42"},
    )


# --- theirs


@contextmanager
def oidc_provider(folder: Path) -> Iterator[Running]:
    """npm oidc-provider. Raises :class:`Missing`."""
    node, npm, source = _tool("node"), _tool("npm"), SOURCES / "oidc_provider"
    install = [npm, "install", "--ignore-scripts", "--no-package-lock", "--no-audit", "--no-fund"]
    installed = _installed(source / "package.json", lambda target: install)
    server = str(shutil.copy(source / "server.mjs", installed))
    certificate, context = _certified(folder)
    files = certificate.write(folder, "server")
    chain = folder / "chain.pem"
    chain.write_bytes(certificate.presented_pem())
    command = [node, server, str(files["key"]), str(chain), CLIENT, SECRET, BACK]
    about = {"client_id": CLIENT, "secret": SECRET, "redirect_uri": BACK, "scope": "openid", "extra": {}}
    hint = {"login_hint": "899700000021", "scope": "openid", "binding_message": "42"}
    name = f"oidc-provider {_pinned(source / 'package.json')}"
    with _counterpart(command, folder, context, {**about, "name": name, "ciba": hint}) as running:
        yield running


@contextmanager
def mock_oauth2(folder: Path) -> Iterator[Running]:
    """navikt mock-oauth2-server, which has no CIBA. Raises :class:`Missing`."""
    java, javac, mvn, source = _tool("java"), _tool("javac"), _tool("mvn"), SOURCES / "mock_oauth2"
    fetch = [mvn, "-q", "-B", "-f", str(source / "pom.xml"), COPY]
    jars = _installed(source / "pom.xml", lambda target: [*fetch, f"-DoutputDirectory={target}"])
    classes = folder / "classes"
    libraries = str(jars / "*")
    _run([javac, "--release", "17", "-cp", libraries, "-d", str(classes), str(source / "Server.java")], folder)
    certificate, context = _certified(folder)
    store = certificate.write(folder, "server", PASSWORD)["pkcs12"]
    command = [java, "-cp", os.pathsep.join([str(classes), libraries]), "Server", str(store), PASSWORD]
    about = {"client_id": CLIENT, "secret": SECRET, "redirect_uri": BACK, "scope": "openid", "extra": {}}
    name = f"mock-oauth2-server {_pinned(source / 'pom.xml')}"
    with _counterpart(command, folder, context, {**about, "name": name, "ciba": None}) as running:
        yield running


@contextmanager
def _counterpart(
    command: list[str], folder: Path, context: ssl.SSLContext, about: Mapping[str, Any]
) -> Iterator[Running]:
    """A process that prints its issuer once it listens."""
    with _process(command, folder) as process:
        issuer = _wait(process, folder, lambda: _issuer(folder))
        found = metadata(f"{issuer}/.well-known/openid-configuration", context)
        yield _signed_in(process, Provider(metadata=found, context=context, **about))


def _issuer(folder: Path) -> str:
    whole = [line.strip() for line in _said(folder).splitlines(keepends=True) if line.endswith("\n")]
    return next((line for line in whole if line.startswith("https://")), "")


def _certified(folder: Path) -> tuple[IssuedCertificate, ssl.SSLContext]:
    """A server certificate as ours, and who trusts it."""
    now = system_now()
    pki = Pki.open(folder / "pki", KeyPool(folder / "keys"), now, ["localhost"])
    roots = "".join(root.public_bytes(Encoding.PEM).decode() for root in pki.roots)
    return pki.issue_server(["localhost"], ["127.0.0.1"], now=now), ssl.create_default_context(cadata=roots)


def _tool(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise Missing(f"no {name} on this machine")
    return found


def _installed(manifest: Path, command: Callable[[Path], list[str]]) -> Path:
    """What the package manager brings for ``manifest``, fetched once. Raises :class:`Missing`."""
    digest = hashlib.sha256(manifest.read_bytes()).hexdigest()[:12]
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "segur-benchmarks"
    folder = base / f"{manifest.parent.name}-{digest}"
    if not (folder / "done").is_file():
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(manifest, folder)
        _run(command(folder), folder)
        (folder / "done").touch()
    return folder


def _run(command: list[str], folder: Path) -> None:
    """Raises :class:`Missing` with the end of what the program said."""
    done = subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8", errors="replace", check=False)
    if done.returncode != 0:
        said = " ".join((done.stdout + done.stderr).split())
        raise Missing(f"{Path(command[0]).name} failed: {said[-200:]}")


def _pinned(manifest: Path) -> str:
    """The version that a manifest names."""
    text = manifest.read_text("utf-8")
    if manifest.suffix == ".json":
        return str(next(iter(json.loads(text)["dependencies"].values())))
    return text.rpartition("<version>")[2].partition("</version>")[0]


# --- processes


@contextmanager
def _process(command: list[str], folder: Path, **environment: str) -> Iterator[_Timed]:
    with (folder / "said.log").open("wb") as log:
        begun = time.perf_counter()
        process = subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ, **environment})
        try:
            yield _Timed(process, begun)
        finally:
            process.terminate()
            process.wait(20)


@dataclass(frozen=True)
class _Timed:
    process: subprocess.Popen[bytes]
    begun: float


def _wait(timed: _Timed, folder: Path, look: Callable[[], T]) -> T:
    """What ``look`` finds. Raises :class:`Missing` when the process ends or takes too long."""
    while not (found := look()):
        if timed.process.poll() is not None or time.perf_counter() - timed.begun > START_S:
            raise Missing(f"did not start: {' '.join(_said(folder).split())[-200:]}")
        time.sleep(0.005)
    return found


def _said(folder: Path) -> str:
    return (folder / "said.log").read_text("utf-8", "replace")


def _signed_in(timed: _Timed, provider: Provider) -> Running:
    driver = Driver(provider)
    driver.flow()
    taken = time.perf_counter() - timed.begun
    driver.close()
    return Running(provider, timed.process.pid, taken)
