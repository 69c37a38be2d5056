"""``endpoints.json``: what a product, a test or another command needs to reach this sandbox.

Written atomically after ready, readable by its owner only: it holds the control token.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.serialization import Encoding

import simulators
from simulators.assembly.settings import endpoints_file
from simulators.core.errors import EnvironmentProblem
from simulators.core.pki.files import write_atomic
from simulators.population import registry
from simulators.population.model import Patient, Professional, Structure

if TYPE_CHECKING:
    from simulators.sandbox import Sandbox

SCHEMA_VERSION = 1
PASSWORD = "segur-sandbox"
FILE_NAME = "endpoints.json"
_PLAIN = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{0,39}")


def targets(sandbox: Sandbox) -> tuple[Path, ...]:
    """Where the file is written: the place asked for first, then the default place and the data folder."""
    settings = sandbox.settings
    found = [settings.endpoints] if settings.endpoints is not None else []
    if settings.publish:
        found += [endpoints_file(None, settings.environment), sandbox.folder / FILE_NAME]
    return tuple(dict.fromkeys(path.absolute() for path in found))


def write_endpoints(sandbox: Sandbox) -> None:
    """Writes the file in each of its places, whole or not at all. Raises :class:`EnvironmentProblem`."""
    document = json.dumps(endpoints(sandbox), ensure_ascii=False, indent=1).encode()
    for target in reversed(targets(sandbox)):  # the place asked for last: whoever waits for it finds the rest
        try:
            write_atomic(target, document, private=True)
        except OSError as problem:
            raise EnvironmentProblem(f"the endpoints file cannot be written: {problem}") from problem


def withdraw_endpoints(sandbox: Sandbox) -> None:
    """Takes the files away at the stop; one that another sandbox has written since is left alone."""
    for target in targets(sandbox):
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            if json.loads(target.read_text("utf-8"))["control"]["token"] == sandbox.token:
                target.unlink()


def endpoints(sandbox: Sandbox) -> dict[str, Any]:
    """The document: ``schema_version``, control, services, trust, worlds."""
    return {
        "schema_version": SCHEMA_VERSION,
        "version": simulators.__version__,
        "notice": "SIMULATION: unofficial, rehearsal only",
        "pid": os.getpid(),
        "control": {"url": f"{sandbox.local_url('console')}/_sandbox", "token": sandbox.token},
        "console": sandbox.console_url,
        "services": {s.name: service_urls(sandbox, s.name) for s in sandbox.services},
        "trust": trust_files(sandbox),
        "worlds": {name: describe_world(sandbox, name) for name in sandbox.worlds.names()},
    }


def service_urls(sandbox: Sandbox, name: str, prefix: str = "", base: str = "") -> dict[str, str]:
    """Per service name its URL, in the default world or under ``prefix``; ``base`` replaces the public one."""
    service = next(s for s in sandbox.services if s.name == name)
    base = base or sandbox.url(service.listeners[0].name)
    return {label: f"{base}{prefix}{path}" for label, path in service.paths.items()}


def trust_files(sandbox: Sandbox) -> dict[str, Any]:
    """Root certificates as one PEM file, and where CRLs and OCSP answer."""
    pem = b"".join(root.public_bytes(Encoding.PEM) for root in sandbox.pki.roots)
    path = sandbox.folder / "trust" / "roots.pem"
    write_atomic(path, pem)
    base = sandbox.url("trust")
    return {
        "roots": str(path),
        "crl": {name: f"{base}/crl/{name}.crl" for name in sandbox.pki.authorities},
        "ocsp": f"{base}/ocsp",
    }


def describe_world(sandbox: Sandbox, name: str, *, certificates: bool = True) -> dict[str, Any]:
    """One world: its people and structures, its clock, its own addresses. Raises ``WorldGone``."""
    world = sandbox.worlds.get(name)
    wall = sandbox.now()
    with sandbox.store.read(name) as tx:
        structures = list(registry.structures(tx))
        patients = list(registry.patients(tx))
        people = list(registry.professionals(tx))
    return {
        "name": name,
        "epoch": world.epoch,
        "seed": world.seed,
        "policy": world.policy.as_json(),
        "clock": {
            "wire": world.wire(wall).isoformat(),
            "business": world.business(wall).isoformat(),
            "frozen": world.frozen is not None,
        },
        "services": {s.name: service_urls(sandbox, s.name, f"/w/{name}") for s in sandbox.services},
        "structures": [_structure(sandbox, name, s, certificates) for s in structures],
        "patients": [_patient(p) for p in patients],
        "professionals": [_professional(p) for p in people],
    }


def certificate_files(sandbox: Sandbox, world: str, holder: str, *, bundles: bool = False) -> Mapping[str, Any]:
    """The key and certificate files of one structure; ``bundles`` adds both PKCS#12 forms (slow to
    make: a key derivation each)."""
    pair = sandbox.holders.pair(world, holder)
    folder = world_folder(sandbox, world) / _file_name(holder)
    files: dict[str, Any] = {"password": PASSWORD} if bundles else {}
    for use, issued in (("auth_cli", pair.auth_cli), ("sign", pair.sign)):
        written = issued.write(folder, use, PASSWORD if bundles else None)
        files[use] = {**{form: str(path) for form, path in written.items()}, "fingerprint": issued.fingerprint}
    return files


def world_folder(sandbox: Sandbox, world: str) -> Path:
    """Where the certificate files of a world are."""
    return sandbox.folder / "certificates" / world


def _file_name(holder: str) -> str:
    """A structure id comes from the wire too: what is no plain name must not lead out of the folder."""
    if _PLAIN.fullmatch(holder):
        return holder
    return "structure-" + hashlib.sha256(holder.encode("utf-8", "replace")).hexdigest()[:16]


def _structure(sandbox: Sandbox, world: str, structure: Structure, certificates: bool) -> dict[str, Any]:
    described: dict[str, Any] = {"id": structure.struct_idnat.value, **structure.to_json()}
    if certificates and not structure.adopted:
        described["certificates"] = certificate_files(sandbox, world, structure.struct_idnat.value)
    return described


def _patient(patient: Patient) -> dict[str, Any]:
    return {"id": patient.ins.matricule, "oid": patient.ins.oid, "cx": patient.ins.cx(), **patient.to_json()}


def _professional(person: Professional) -> dict[str, Any]:
    return {"id": person.ps_idnat.value, **person.to_json()}
