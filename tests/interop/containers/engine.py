"""A container engine of this test run alone: podman with runc, its own storage, and its Docker-compatible API.

No registry is needed: the base image is made of Debian packages, and kept as one archive between runs.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]
TOOLS = ("podman", "runc", "mmdebstrap", "iptables", "umount")
HELPERS = ("netavark", "aardvark-dns")
PACKAGES = "python3,python3-venv,curl"
SUITE = "bookworm"
BASE = "localhost/segur-test-base"
IMAGE = "localhost/segur-sandbox"
AUTHORITIES = Path("/etc/ssl/certs/ca-certificates.crt")
SUBNET = "10.213.80.0/24"  # another engine of this machine may have the usual one
BUILD_LIMIT_S = 900
START_LIMIT_S = 30


class NoEngine(Exception):
    """What is missing for containers to run here."""


def needed(condition: bool, told: str) -> None:
    """Skips, or fails where everything is required."""
    if not condition:
        (pytest.fail if os.environ.get("SEGUR_REQUIRE") == "1" else pytest.skip)(told)


@dataclass(frozen=True)
class Engine:
    """``client`` is a ``docker.DockerClient``; :meth:`podman` is for what the API of Docker does not have."""

    client: Any
    environment: Mapping[str, str]
    folder: Path

    def podman(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        return run("podman", *arguments, environment=self.environment, check=check)

    def build(self, dockerfile: Path, tag: str, context: Path) -> None:
        """Builds without a container runtime (chroot): that step wants the network of this machine, no bridge."""
        secrets = ["--secret", f"id=pip.conf,src={self._pip()}"]
        if AUTHORITIES.is_file():  # this machine may be behind a proxy that inspects TLS
            secrets += ["--secret", f"id=ca.pem,src={AUTHORITIES}"]
        named = ["--file", str(dockerfile), "--build-arg", f"BASE={BASE}", "--tag", tag]
        self.podman(
            "build", "--isolation", "chroot", "--layers=false", "--format", "docker", *secrets, *named, str(context)
        )

    def joined(self, network: str, alias: str) -> dict[str, Any]:
        """The options that put a container into ``network`` under the name ``alias``."""
        return {
            "network": network,
            "networking_config": {network: self.client.api.create_endpoint_config(aliases=[alias])},
        }

    def _pip(self) -> Path:
        index = os.environ.get("PIP_INDEX_URL", "")
        path = self.folder / "pip.conf"
        path.write_text("[global]\ntimeout = 180\n" + (f"index-url = {index}\n" if index else ""), "utf-8")
        return path


def run(
    *command: str, environment: Mapping[str, str] | None = None, check: bool = True, limit: float = BUILD_LIMIT_S
) -> subprocess.CompletedProcess[str]:
    """Raises ``AssertionError`` with what the command said."""
    done = subprocess.run(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        timeout=limit,
        check=False,
    )
    assert not check or done.returncode == 0, f"{' '.join(command)}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


def beside(name: str) -> str | None:
    """A command installed with this Python, or in the path."""
    return shutil.which(name, path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")


def missing() -> list[str]:
    """What an engine wants and this machine does not have."""
    absent = [tool for tool in TOOLS if shutil.which(tool) is None]
    absent += [name for name in HELPERS if not any((Path(at) / name).is_file() for at in _HELPER_FOLDERS)]
    return absent if getattr(os, "geteuid", lambda: 1)() == 0 else [*absent, "root"]


_HELPER_FOLDERS = ("/usr/lib/podman", "/usr/libexec/podman")


@contextmanager
def engine() -> Iterator[Engine]:
    """An engine with the base image, stopped and removed at the end. Raises :class:`NoEngine`."""
    absent = missing()
    if absent:
        raise NoEngine(f"no container can run here without {', '.join(absent)}")
    import docker

    folder = Path(tempfile.mkdtemp(prefix="segur-containers-"))
    try:
        environment = _configured(folder)
        run("podman", "import", str(base()), BASE, environment=environment)
        with _service(folder, environment) as socket:
            client = docker.DockerClient(base_url=f"unix://{socket}", timeout=60)
            try:
                yield Engine(client, environment, folder)
            finally:
                client.close()
                run(
                    "podman", "rm", "--all", "--force", "--volumes", "--time", "0", environment=environment, check=False
                )
                run("podman", "network", "prune", "--force", environment=environment, check=False)
    finally:
        _end_watchers(folder)
        run("umount", str(folder / "storage" / "overlay"), check=False)
        shutil.rmtree(folder, ignore_errors=True)


def _end_watchers(folder: Path) -> None:
    """podman leaves one process for each command run in a container, which cleans up minutes later; ours are known by
    the folder they name."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if str(folder).encode() in path.read_bytes():
                os.kill(int(path.parent.name), signal.SIGKILL)


def base() -> Path:
    """The archive of the base image, made of Debian packages when it is not there yet."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "segur-sandbox-tests"
    named = hashlib.sha256(f"{SUITE} {PACKAGES}".encode()).hexdigest()[:12]
    target = cache / f"base-{named}.tar"
    if not target.is_file():
        cache.mkdir(parents=True, exist_ok=True)
        made = target.with_name(f"{os.getpid()}-{target.name}")
        run("mmdebstrap", "--quiet", "--variant=minbase", f"--include={PACKAGES}", SUITE, str(made))
        made.replace(target)
    return target


def _configured(folder: Path) -> dict[str, str]:
    """podman's own places below ``folder``, and what a machine without systemd and without cgroups of its own wants."""
    storage, containers = folder / "storage.conf", folder / "containers.conf"
    containers.write_text(
        "[containers]\n"
        'default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]\n'
        "[engine]\n"
        'runtime = "runc"\ncgroup_manager = "cgroupfs"\nevents_logger = "file"\nlock_type = "file"\n'
        f'tmp_dir = "{folder}/libpod"\n'
        "[network]\n"
        f'network_backend = "netavark"\nnetwork_config_dir = "{folder}/networks"\n'
        f'default_subnet = "{SUBNET}"\n',
        "utf-8",
    )
    environment = {
        **os.environ,
        "CONTAINERS_STORAGE_CONF": str(storage),
        "CONTAINERS_CONF": str(containers),
        "DISABLE_HC_SYSTEMD": "true",
    }
    for driver in ("overlay", "vfs"):  # overlay cannot lie on another overlay
        storage.write_text(
            f'[storage]\ndriver = "{driver}"\ngraphroot = "{folder}/storage"\nrunroot = "{folder}/run"\n', "utf-8"
        )
        told = run("podman", "info", environment=environment, check=False)
        if told.returncode == 0:
            return environment
        shutil.rmtree(folder / "storage", ignore_errors=True)
    raise NoEngine(f"podman does not work here: {told.stderr.strip()}")


@contextmanager
def _service(folder: Path, environment: Mapping[str, str]) -> Iterator[Path]:
    """The Docker-compatible API of podman on a socket of its own."""
    socket, log = folder / "docker.sock", folder / "service.log"
    with log.open("wb") as output:
        command = ["podman", "system", "service", "--time", "0", f"unix://{socket}"]
        process = subprocess.Popen(command, env=dict(environment), stdout=output, stderr=output)
        try:
            deadline = time.monotonic() + START_LIMIT_S
            while not socket.exists():
                if process.poll() is not None or time.monotonic() > deadline:
                    raise NoEngine(f"podman serves no API: {log.read_text('utf-8', 'replace')}")
                time.sleep(0.05)
            yield socket
        finally:
            process.terminate()
            process.wait(START_LIMIT_S)
