"""HL7 v2 ADT files (IHE PAM France): patients out of PID, PD1 and ZFA.

A message says a part of what a world keeps: identity, contacts, treating physicians, DMP state and the two oppositions
told to a hospital; the rest of a known patient stays as it is. Sources: facts pfi §1.5, §5.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final

from simulators.population.exchange_formats import patients, remarks
from simulators.population.exchange_formats.adt_message import DELETED, Components, Message, messages, parse, part
from simulators.population.exchange_formats.family import Family, overlay
from simulators.population.exchange_formats.reading import FileRow
from simulators.population.exchange_formats.remarks import Notes
from simulators.population.idnat import PS_IDNAT_OID
from simulators.population.json_form import Json

# A08 is excluded in France and still sent by older products; cancellations, merges and changes of identifier tell
# no state.
EVENTS: Final = frozenset({"A01", "A02", "A03", "A04", "A05", "A06", "A07", "A08", "A13", "A14", "A28", "A31", "Z99"})
_PLACES: Final = {
    "slug": "PID-3",
    "ins": "PID-3",
    "birth_name": "PID-5",
    "given_names": "PID-5",
    "used_name": "PID-5",
    "birth_date": "PID-7",
    "sex": "PID-8",
    "birth_place": "PID-11",
    "address": "PID-11",
    "phone": "PID-13",
    "email": "PID-13",
    "treating_physicians": "PD1-4",
    "dmp_state": "ZFA-1",
    "dmp_closed_on": "ZFA-3",
    "oppositions": "ZFA-9",
}
_DMP_STATES: Final = {"ACTIF": "active", "FERME": "closed", "INEXISTANT": "none"}


def read_adt(data: bytes, families: Sequence[Family]) -> Iterator[FileRow]:
    """One row a message. Raises ``FileRefused``."""
    family = next(family for family in families if family.name == patients.PATIENTS.name)
    for raw in messages(data):
        row = FileRow(raw.number, family, notes=Notes(_place))
        message = parse(raw, row.notes)
        if message is not None:
            _read(message, row)
        yield row


def _place(field: str) -> str:
    first = field.split("/", 1)[0]
    return _PLACES.get(first, first)


def _read(message: Message, row: FileRow) -> None:
    kind, event = message.value("MSH", 9), message.value("MSH", 9, 2) or message.value("EVN", 1)
    if kind != "ADT":
        row.notes.at(remarks.NOT_ADT, "MSH-9", found=kind, expected="ADT")
    elif event not in EVENTS:
        row.ignored = True
        row.notes.at(remarks.EVENT, "MSH-9", found=event, expected=", ".join(sorted(EVENTS)))
    elif message.count("PID") != 1:
        row.notes.at(remarks.NO_PID, "PID", found=message.count("PID"), expected="1")
    else:
        _read_patient(message, row)


def _read_patient(message: Message, row: FileRow) -> None:
    given, notes = row.given, row.notes
    _identifiers(message, row)
    _names(message, given, notes)
    born = message.value("PID", 7)
    given["birth_date"] = _day(born, "PID-7", notes, required=True)
    sex = message.value("PID", 8)
    if sex not in {"M", "F"}:
        notes.at(remarks.VALUE, "PID-8", found=sex, expected="M, F")
    given["sex"] = sex
    _places_lived(message, given)
    _contacts(message, given)
    physicians = [part(xcn, 1) for xcn in message.repetitions("PD1", 4) if part(xcn, 9, 2) == PS_IDNAT_OID]
    if physicians:
        given["treating_physicians"] = physicians
    _dmp(message, given, notes)
    patients.settle(given, notes)
    row.fresh = overlay(patients.new(given), row.fresh)


def _identifiers(message: Message, row: FileRow) -> None:
    """The INS, which may only be kept for a qualified identity, and the IPP as reference name of a new patient."""
    found = [cx for cx in message.repetitions("PID", 3) if part(cx, 5) == "INS" and part(cx, 1) != DELETED]
    states = {part(state, 1) for state in message.repetitions("PID", 32)}
    if not found:
        row.notes.at(remarks.NO_INS, "PID-3", expected="<INS>^^^ASIP-SANTE-INS-NIR&OID&ISO^INS")
    elif "VALI" not in states:
        row.notes.at(remarks.NOT_VALI, "PID-32", found="~".join(sorted(states)), expected="VALI")
    else:
        row.given["ins"] = {"matricule": part(found[0], 1), "oid": part(found[0], 4, 2)}
    ipp = next((part(cx, 1) for cx in message.repetitions("PID", 3) if part(cx, 5) == "PI"), "")
    if ipp:
        row.fresh["slug"] = ipp


def _names(message: Message, given: Json, notes: Notes) -> None:
    names = message.repetitions("PID", 5)
    birth = next((xpn for xpn in names if part(xpn, 7) == "L"), next((xpn for xpn in names if not part(xpn, 7)), None))
    if birth is None or not part(birth, 1) or not part(birth, 2):
        notes.at(remarks.REQUIRED, "PID-5", expected="NOM^PRENOM^LISTE PRENOMS^^^^L")
    else:
        given["birth_name"], given["given_names"] = part(birth, 1), _given_names(birth)
    used = next((part(xpn, 1) for xpn in names if part(xpn, 7) == "D"), None)
    if used is not None:
        given["used_name"] = None if used in {"", DELETED} else used


def _given_names(xpn: Components) -> list[str]:
    """XPN-2 is the first one; XPN-3 the whole list in France, the further ones elsewhere."""
    first, others = part(xpn, 2), part(xpn, 3)
    further = others.removeprefix(first) if f"{others} ".startswith(f"{first} ") else others
    return [first, *further.split()]


def _places_lived(message: Message, given: Json) -> None:
    for xad in message.repetitions("PID", 11):
        if part(xad, 7) == "BDL":
            given["birth_place"] = part(xad, 9)
        elif part(xad, 7) in {"H", ""}:
            street = " ".join(xad[0]) if xad else ""
            lines = [line for line in (street, part(xad, 2), part(xad, 8)) if line]
            country = part(xad, 6)
            given["address"] = {
                "lines": lines,
                "postal_code": part(xad, 5),
                "city": part(xad, 3),
                "country": country,
            }


def _contacts(message: Message, given: Json) -> None:
    for xtn in message.repetitions("PID", 13):
        if part(xtn, 4):
            given.setdefault("email", part(xtn, 4))
        elif part(xtn, 12) or part(xtn, 1):
            given.setdefault("phone", part(xtn, 12) or part(xtn, 1))


def _dmp(message: Message, given: Json, notes: Notes) -> None:
    """ZFA; ``NA`` (not collected) says nothing. ZFA-6 and ZFA-7 are those of the versions before 2.11."""
    said = message.value("ZFA", 1)
    if said and said not in _DMP_STATES:
        notes.at(remarks.VALUE, "ZFA-1", found=said, expected=", ".join(_DMP_STATES))
    elif said:
        given["dmp_state"] = _DMP_STATES[said]
        if said == "FERME":
            given["dmp_closed_on"] = _day(message.value("ZFA", 3), "ZFA-3", notes, required=True)
    for number, flag, words in (
        (6, "bris_de_glace", {"Y": True, "N": False}),
        (7, "acces_urgence", {"Y": True, "N": False}),
        (9, "alimentation", {"IO": True, "INO": False}),
        (11, "consultation", {"INC": True, "IC": False}),
    ):
        answer = words.get(message.value("ZFA", number))
        if answer is not None:
            given.setdefault("oppositions", {})[flag] = answer


def _day(text: str, column: str, notes: Notes, *, required: bool) -> str | None:
    """The day of a TS; later precision is left out."""
    match = re.match(r"([0-9]{4})([0-9]{2})([0-9]{2})(?:[0-9.+-]*)$", text)
    try:
        if match:
            return date(*map(int, match.groups())).isoformat()
    except ValueError:
        match = None
    if text or required:
        notes.at(remarks.VALUE if text else remarks.REQUIRED, column, found=text, expected="AAAAMMJJ")
    return None
