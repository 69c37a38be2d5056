"""The mailboxes a new world is born with: one for each professional, structure and citizen of its population."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import count
from typing import Any, Final

from simulators.core.store.api import Tx
from simulators.core.world import World, born
from simulators.mssante import domains, folders, forwarding, mailboxes
from simulators.mssante.addresses import PersonalName, citizen_address
from simulators.mssante.mailboxes import Kind, Mailbox, State, normal
from simulators.population import registry
from simulators.population.model import Patient, Professional, Structure

_TITLES: Final = {"M": "M", "MME": "Mme", "DR": "Dr"}
_ODD = re.compile(r"[^a-z0-9]+")


def seed(tx: Tx, world: World) -> None:
    """Mailboxes with their INBOX, open except those of patients without Mon espace santé."""
    domain, made = domains.found(tx), Register(world.wire(born(tx)))
    people, structures = list(registry.professionals(tx)), list(registry.structures(tx))
    rules = dict(_structure(made, structure, domain, people) for structure in structures)
    for person in people:
        _professional(made, person, domain, structures)
    for patient in registry.patients(tx):
        _citizen(made, patient)
    mailboxes.create_many(tx, made.boxes.values())
    folders.create_inboxes(tx, list(made.boxes))
    forwarding.set_forwards(tx, rules)


class Register:
    """The mailboxes of a world about to be born, by address."""

    def __init__(self, created: datetime) -> None:
        self.boxes: dict[str, Mailbox] = {}
        self._created = created

    def add(self, address: str, kind: Kind, owners: tuple[str, ...], label: str, state: State = State.OPEN) -> str:
        """Two people of one name share no mailbox: the second gets a number. The address taken."""
        local, _, domain = address.partition("@")
        names = (address if number == 1 else f"{local}{number}@{domain}" for number in count(1))
        taken = next(normal(name) for name in names if normal(name) not in self.boxes)
        self.boxes[taken] = Mailbox(taken, kind, owners, state, None, 0, False, label, self._created)
        return taken


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


def _structure(made: Register, structure: Structure, domain: str, people: Iterable[Professional]) -> tuple[str, str]:
    """ORG and APP; the server rule from one to the other."""
    holder = structure.struct_idnat.value
    users = [p.ps_idnat.value for p in people if any(a.structure.value == holder for a in p.activities)]
    organisation = made.add(org_address(structure, domain), Kind.ORG, (holder, *users), structure.name)
    application = f"{structure.name} (application)"
    return organisation, made.add(app_address(structure, domain), Kind.APP, (holder,), application)


def _professional(made: Register, person: Professional, domain: str, structures: Iterable[Structure]) -> None:
    entity = next(_entities(person, structures), "")
    title = _TITLES.get(person.civility, person.civility or "M")
    label = PersonalName(title, person.given.title(), person.family, entity or "SIMULATION")
    made.add(per_address(person, domain), Kind.PER, (person.ps_idnat.value,), str(label))


def _entities(person: Professional, structures: Iterable[Structure]) -> Iterator[str]:
    places = [activity.structure.value for activity in person.activities]
    return (s.name for s in structures if s.struct_idnat.value in places)


def _citizen(made: Register, patient: Patient) -> None:
    state = State.OPEN if patient.attached_to_mes else State.CLOSED
    label = f"{patient.given_names[0]} {patient.name}"
    made.add(citizen_address(patient.ins), Kind.CITIZEN, (patient.ins.matricule,), label, state)


def _word(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return _ODD.sub("-", plain).strip("-") or "bal"
