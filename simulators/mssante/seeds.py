"""The mailboxes a new world is born with: one for each professional, structure and citizen of its population."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Any, Final

from simulators.core.store.api import Tx
from simulators.core.world import World, born
from simulators.mssante import domains, folders, forwarding, mailboxes
from simulators.mssante.addresses import PersonalName, citizen_address
from simulators.mssante.mailboxes import Kind, State
from simulators.population import registry
from simulators.population.model import Patient, Professional, Structure

_TITLES: Final = {"M": "M", "MME": "Mme", "DR": "Dr"}
_ODD = re.compile(r"[^a-z0-9]+")


def seed(tx: Tx, world: World) -> None:
    """Mailboxes with their folders, open except those of patients without Mon espace santé."""
    domain = domains.found(tx)
    people, structures = list(registry.professionals(tx)), list(registry.structures(tx))
    for structure in structures:
        _structure(tx, world, structure, domain, people)
    for person in people:
        _professional(tx, world, person, domain, structures)
    for patient in registry.patients(tx):
        _citizen(tx, world, patient)


def described(tx: Tx) -> list[dict[str, Any]]:
    """Every mailbox for the endpoints file and the control API."""
    return [
        {
            "address": box.address,
            "kind": box.kind.value,
            "owners": list(box.owners),
            "state": box.state.value,
            "label": box.label,
            "unlisted": box.unlisted,
            "quota_bytes": box.quota_bytes,
            "used_bytes": box.used_bytes,
        }
        for box in mailboxes.every(tx)
    ]


def org_address(structure: Structure, domain: str) -> str:
    """The ORG mailbox of a structure."""
    return f"{_word(structure.slug)}@{domain}"


def app_address(structure: Structure, domain: str) -> str:
    """The APP mailbox of a structure."""
    return f"{_word(structure.slug)}.app@{domain}"


def per_address(person: Professional, domain: str) -> str:
    """The PER mailbox of a professional."""
    return f"{_word(person.given)}.{_word(person.family)}@{domain}"


def _structure(tx: Tx, world: World, structure: Structure, domain: str, people: Iterable[Professional]) -> None:
    holder = structure.struct_idnat.value
    users = [p.ps_idnat.value for p in people if any(a.structure.value == holder for a in p.activities)]
    org, app = org_address(structure, domain), app_address(structure, domain)
    _open(tx, world, org, Kind.ORG, (holder, *users), structure.name)
    _open(tx, world, app, Kind.APP, (holder,), f"{structure.name} (application)")
    forwarding.set_forward(tx, org, app)


def _professional(tx: Tx, world: World, person: Professional, domain: str, structures: Iterable[Structure]) -> None:
    entity = next(_entities(person, structures), "")
    title = _TITLES.get(person.civility, person.civility or "M")
    label = PersonalName(title, person.given.title(), person.family, entity or "SIMULATION")
    _open(tx, world, per_address(person, domain), Kind.PER, (person.ps_idnat.value,), str(label))


def _entities(person: Professional, structures: Iterable[Structure]) -> Iterator[str]:
    places = [activity.structure.value for activity in person.activities]
    return (s.name for s in structures if s.struct_idnat.value in places)


def _citizen(tx: Tx, world: World, patient: Patient) -> None:
    address = citizen_address(patient.ins)
    _open(tx, world, address, Kind.CITIZEN, (patient.ins.matricule,), f"{patient.given_names[0]} {patient.name}")
    if not patient.attached_to_mes:
        mailboxes.set_state(tx, address, State.CLOSED)


def _open(tx: Tx, world: World, address: str, kind: Kind, owners: tuple[str, ...], label: str) -> None:
    """Two people of one name share no mailbox: the second gets a number."""
    local, _, domain = address.partition("@")
    for number in range(1, 1000):
        wanted = address if number == 1 else f"{local}{number}@{domain}"
        if mailboxes.create(tx, wanted, kind, created=world.wire(born(tx)), owners=owners, label=label):
            folders.create_defaults(tx, wanted)
            return


def _word(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return _ODD.sub("-", plain).strip("-") or "bal"
