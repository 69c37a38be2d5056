"""One PAM message as a value. Everything is text as the message gives it: what is odd is for the rules to say.

Instants are HL7 TS (``YYYYMMDD[HHMM[SS]][+ZZZZ]``). Source: facts pfi §1.5, §5.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from simulators.population.pam import names


@dataclass(frozen=True, slots=True)
class Identifier:
    """A CX: ``authority``, ``oid`` and ``scheme`` are its HD (``ISO``, or M, N, L for a FINESS or a local name)."""

    value: str
    kind: str = ""
    authority: str = ""
    oid: str = ""
    scheme: str = ""

    @property
    def deleted(self) -> bool:
        return self.value == names.DELETED

    @property
    def reference(self) -> str:
        """``INS:<matricule>``, else ``<kind>:<authority>|<value>``: what a receiver may find a patient by."""
        if self.kind == names.INS:
            return f"{names.INS}:{self.value}"
        return f"{self.kind}:{self.oid or self.authority}|{self.value}"


@dataclass(frozen=True, slots=True)
class Name:
    """An XPN: ``kind`` L (birth), D (used), S, U; ``given_list`` is XPN-3, every given name."""

    family: str
    given: str = ""
    given_list: str = ""
    kind: str = "L"
    prefix: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """An XAD: ``kind`` H (home) or BDL (birth: only ``county``, the INSEE code)."""

    line: str = ""
    other: str = ""
    city: str = ""
    postal_code: str = ""
    country: str = ""
    kind: str = "H"
    county: str = ""


@dataclass(frozen=True, slots=True)
class Identity:
    """PID: ``statuses`` are the repetitions of PID-32; ``account`` is PID-18; ``phones`` and ``mails`` of PID-13."""

    identifiers: tuple[Identifier, ...] = ()
    names: tuple[Name, ...] = ()
    birth_date: str = ""
    sex: str = ""
    places: tuple[Place, ...] = ()
    phones: tuple[str, ...] = ()
    mails: tuple[str, ...] = ()
    account: Identifier | None = None
    statuses: tuple[str, ...] = ()

    @property
    def ins(self) -> Identifier | None:
        """The INS, also one told as deleted (``deleted``)."""
        return next((one for one in self.identifiers if one.kind == names.INS), None)

    @property
    def ipp(self) -> Identifier | None:
        """The hospital's own number, else the first identifier that is no INS."""
        others = [one for one in self.identifiers if one.kind != names.INS]
        return next((one for one in others if one.kind == names.IPP), others[0] if others else None)

    @property
    def validated(self) -> bool:
        return names.VALIDATED in self.statuses

    @property
    def birth_name(self) -> Name | None:
        return next((one for one in self.names if one.kind in {"L", ""}), None)

    @property
    def used_name(self) -> Name | None:
        return next((one for one in self.names if one.kind == "D"), None)

    @property
    def birth_place(self) -> str:
        return next((place.county for place in self.places if place.kind == "BDL"), "")


@dataclass(frozen=True, slots=True)
class Visit:
    """PV1: ``class_`` E I N O R, ``unit`` PV1-3.1 (hosting UF), ``number`` PV1-19, ``status`` PV1-51."""

    class_: str = "N"
    unit: str = ""
    number: Identifier | None = None
    admitted: str = ""
    discharged: str = ""
    status: str = ""


@dataclass(frozen=True, slots=True)
class Unit:
    """An XON of ZBE-7 or ZBE-8: a functional unit."""

    code: str
    label: str = ""
    authority: str = ""


@dataclass(frozen=True, slots=True)
class Movement:
    """ZBE. ``id`` is ZBE-1 as ``id^namespace^oid^type``, in parts; ``forbidden`` is what ZBE-3 holds."""

    id: tuple[str, ...] = ()
    at: str = ""
    action: str = ""
    historic: str = ""
    original: str = ""
    responsible: Unit | None = None
    care: Unit | None = None
    nature: str = ""
    forbidden: str = ""


@dataclass(frozen=True, slots=True)
class Consent:
    """ZFA. ``feed`` NA, IO, INO; ``consult`` NA, INC, IC; ``obsolete`` maps ZFA-4 to ZFA-8 to what they hold."""

    dmp_status: str = ""
    dmp_at: str = ""
    dmp_closed: str = ""
    feed: str = ""
    feed_at: str = ""
    consult: str = ""
    consult_at: str = ""
    obsolete: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Details:
    """ZFD: how the identity was obtained and proved."""

    sms_consent: str = ""
    birth_date_modified: str = ""
    obtained_by: str = ""
    insi_at: str = ""
    proof: str = ""
    proof_until: str = ""


@dataclass(frozen=True, slots=True)
class PamEvent:
    """One message. ``recorded`` is EVN-2, ``occurred`` EVN-6; ``merged`` are the identifiers of MRG-1."""

    event: str
    identity: Identity = field(default_factory=Identity)
    visit: Visit | None = None
    movement: Movement | None = None
    consent: Consent | None = None
    details: Details | None = None
    merged: tuple[Identifier, ...] = ()
    recorded: str = ""
    occurred: str = ""
    control_id: str = ""
    sending_app: str = ""
    sending_facility: str = ""
    structure: str = ""
    version: str = ""

    @property
    def known(self) -> bool:
        """Whether PAM France has this event: a receiver ignores the others, with AA."""
        return self.event in names.PAM_EVENTS

    @property
    def ins(self) -> Identifier | None:
        """The INS a receiver may keep: only that of a validated identity (PAM §6.6.15)."""
        found = self.identity.ins
        return found if found is not None and not found.deleted and found.value and self.identity.validated else None

    @property
    def ins_deleted(self) -> bool:
        """Whether the message tells to forget the INS."""
        return self.identity.ins is not None and self.identity.ins.deleted

    @property
    def references(self) -> tuple[str, ...]:
        """What its patient may be found by, the hospital's own numbers first; an INS only when it may be kept."""
        return _references(self.identity.identifiers, self.ins)

    @property
    def merged_references(self) -> tuple[str, ...]:
        """The same of the identity that MRG names."""
        return _references(self.merged, next((one for one in self.merged if one.kind == names.INS), None))


def _references(found: tuple[Identifier, ...], ins: Identifier | None) -> tuple[str, ...]:
    own = [one.reference for one in found if one.kind != names.INS and one.value and not one.deleted]
    return (*own, *((ins.reference,) if ins is not None and not ins.deleted else ()))
