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
from simulators.assembly.holders import Pair
from simulators.assembly.settings import endpoints_file
from simulators.core.errors import EnvironmentProblem
from simulators.core.pki.files import write_atomic
from simulators.core.pki.issued import IssuedCertificate
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
        "shared": sandbox.ports.shared(),
        "trust": trust_files(sandbox),
        "worlds": {name: _world(sandbox, name) for name in sandbox.worlds.names()},
    }


def _world(sandbox: Sandbox, name: str) -> dict[str, Any]:
    """The worlds of the start in full; of the others where to ask: there may be hundreds in a data folder."""
    if name in sandbox.settings.worlds:
        return describe_world(sandbox, name)
    return {"name": name, "url": f"{sandbox.local_url('console')}/_sandbox/worlds/{name}?certificates=true"}


def service_urls(sandbox: Sandbox, name: str, prefix: str = "", base: str = "") -> dict[str, str]:
    """Per service name its URL, in the default world or under ``prefix``; ``base`` replaces the public one."""
    service = next(s for s in sandbox.services if s.name == name)
    first = next((spec.name for spec in service.listeners), "")
    at = {label: service.path_listeners.get(label, first) for label in service.paths}
    prefixes = {label: prefix if sandbox.ports.carries_world(at[label]) else "" for label in service.paths}
    bases = {label: base or sandbox.url(at[label]) for label in service.paths}
    return {label: f"{bases[label]}{prefixes[label]}{path}" for label, path in service.paths.items()}


def trust_files(sandbox: Sandbox) -> dict[str, Any]:
    """Root certificates as one PEM file, as PEM text and by plain HTTP; where CRLs and OCSP answer."""
    pem = b"".join(root.public_bytes(Encoding.PEM) for root in sandbox.pki.roots)
    path = sandbox.folder / "trust" / "roots.pem"
    if not path.is_file() or path.read_bytes() != pem:
        write_atomic(path, pem)
    base = sandbox.url("trust")
    return {
        "roots": str(path),
        "pem": pem.decode(),
        "roots_url": f"{base}/roots.pem",
        "crl": {name: f"{base}/crl/{name}.crl" for name in sandbox.pki.authorities},
        "ocsp": f"{base}/ocsp",
    }


def describe_world(sandbox: Sandbox, name: str, *, certificates: bool = True, files: bool = True) -> dict[str, Any]:
    """One world: its people and structures, its clock, its own addresses. Raises ``WorldGone``.

    ``files``: writes the certificates as files too, which takes as long as all the rest of a new world.
    """
    world = sandbox.worlds.get(name)
    wall = sandbox.now()
    with sandbox.store.read(name) as tx:
        structures = list(registry.structures(tx))
        patients = list(registry.patients(tx))
        people = list(registry.professionals(tx))
        clients = [client for service in sandbox.services if service.clients for client in service.clients(tx)]
        added = {name: told(tx) for service in sandbox.services for name, told in service.described.items()}
    ours = [s.struct_idnat.value for s in structures if certificates and not s.adopted]
    held = {
        holder: _held(sandbox, name, holder, pair, files) for holder, pair in sandbox.holders.pairs(name, ours).items()
    }
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
        "structures": [_structure(s, held) for s in structures],
        "patients": [_patient(p) for p in patients],
        "professionals": [_professional(p) for p in people],
        "clients": clients,
        **added,
    }


def certificate_files(sandbox: Sandbox, world: str, holder: str, *, bundles: bool = False) -> Mapping[str, Any]:
    """The key and certificate files of one structure; ``bundles`` adds both PKCS#12 forms (slow to
    make: a key derivation each)."""
    return _written(sandbox, world, holder, sandbox.holders.pair(world, holder), bundles=bundles)


def inline(issued: IssuedCertificate) -> dict[str, str]:
    """A certificate as PEM texts, for a product that shares no folder with the sandbox."""
    return {
        "certificate": issued.pem().decode(),
        "key": issued.key_pem().decode(),
        "chain": issued.chain_pem().decode(),
    }


def _held(sandbox: Sandbox, world: str, holder: str, pair: Pair, files: bool) -> dict[str, Any]:
    """Both certificates of a structure as texts under ``pem``, and as files."""
    texts = {"pem": {use: inline(issued) for use, issued in _uses(pair)}}
    return {**_written(sandbox, world, holder, pair, bundles=False), **texts} if files else texts


def _written(sandbox: Sandbox, world: str, holder: str, pair: Pair, *, bundles: bool) -> dict[str, Any]:
    folder = world_folder(sandbox, world) / _file_name(holder)
    files: dict[str, Any] = {"password": PASSWORD} if bundles else {}
    for use, issued in _uses(pair):
        written = issued.write(folder, use, PASSWORD if bundles else None)
        files[use] = {**{form: str(path) for form, path in written.items()}, "fingerprint": issued.fingerprint}
    return files


def _uses(pair: Pair) -> tuple[tuple[str, IssuedCertificate], ...]:
    return ("auth_cli", pair.auth_cli), ("sign", pair.sign)


def world_folder(sandbox: Sandbox, world: str) -> Path:
    """Where the certificate files of a world are."""
    return sandbox.folder / "certificates" / world


def _file_name(holder: str) -> str:
    """A structure id comes from the wire too: what is no plain name must not lead out of the folder."""
    if _PLAIN.fullmatch(holder):
        return holder
    return "structure-" + hashlib.sha256(holder.encode("utf-8", "replace")).hexdigest()[:16]


def _structure(structure: Structure, held: Mapping[str, Any]) -> dict[str, Any]:
    holder = structure.struct_idnat.value
    certificates = {"certificates": held[holder]} if holder in held else {}
    return {"id": holder, **structure.to_json(), **certificates}


def _patient(patient: Patient) -> dict[str, Any]:
    return {"id": patient.ins.matricule, "oid": patient.ins.oid, "cx": patient.ins.cx(), **patient.to_json()}


def _professional(person: Professional) -> dict[str, Any]:
    return {"id": person.ps_idnat.value, **person.to_json()}
