"""Good messages of each kind, and for each rule the edit that breaks one of them and the edit that mends it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from simulators.core.hl7 import Head
from simulators.population.pam import (
    Consent,
    Details,
    Identifier,
    Identity,
    Movement,
    Name,
    PamEvent,
    Place,
    Unit,
    Visit,
    build_pam,
    names,
)

AT = datetime(2026, 3, 6, 10, 0, tzinfo=UTC)
INS = Identifier("185010099900171", "INS", "ASIP-SANTE-INS-NIR", "1.2.250.1.213.1.4.10", "ISO")
IPP = Identifier("SIM000001", "PI", "SIM", "0B0999009", "N")
OTHER = Identifier("SIM000002", "PI", "SIM", "0B0999009", "N")
NDA = Identifier("D1", "AN", "SIM", "0B0999009", "N")
VENUE = Identifier("V1", "VN", "SIM", "0B0999009", "N")
GONE = Identifier(names.DELETED, "INS", "ASIP-SANTE-INS-NIR", "1.2.250.1.213.1.4.10", "ISO")


def head(control_id: str = "SIM1") -> Head:
    return Head("GAM", "0B0999009", "DPI", "0B0999009", AT, "", control_id)


def identity(*identifiers: Identifier, status: str = "VALI") -> Identity:
    return Identity(
        identifiers=identifiers or (IPP, INS),
        names=(Name("SIMULE", "ALIX", "ALIX"),),
        birth_date="19850115",
        sex="M",
        places=(Place(kind="BDL", county="75056"),),
        account=NDA,
        statuses=(status,),
    )


def visit(unit: str = "1001", number: Identifier = VENUE, class_: str = "I") -> Visit:
    return Visit(class_, unit, number, "20260306100000")


def moved(action: str = "INSERT", original: str = "", id: str = "1", unit: str = "1001") -> Movement:
    care = Unit(unit, "Cardiologie", "0B0999009")
    return Movement((id, "SIM", "0B0999009"), "20260306100000", action, "N", original, care, care, "HMS")


def event(name: str, **changes: object) -> PamEvent:
    """A good message of the kind."""
    action = {"Z99": "UPDATE"}.get(name, "INSERT")
    original = {"Z99": "A01"}.get(name, "")
    if name in names.CANCELLED_BY and name not in names.EITHER_WAY:
        action, original = "CANCEL", names.CANCELLED_BY[name][0]
    moving = name in names.MOVEMENT_EVENTS
    given: dict[str, object] = {
        "identity": identity(),
        "visit": visit() if moving else Visit("N"),
        "movement": moved(action, original) if moving else None,
        "consent": Consent("ACTIF", "20260306", feed="INO", feed_at="20260306", consult="IC", consult_at="20260306")
        if name in names.CONSENT_EVENTS
        else None,
        "details": Details("Y", "N", "INSI", "20260306") if name in names.CONSENT_EVENTS else None,
        "merged": (OTHER,) if name in {"A40", "A47"} else (),
        "recorded": "20260306100000",
        "occurred": "20260306100000",
    }
    return PamEvent(name, **{**given, **changes})  # type: ignore[arg-type]


def message(name: str = "A01", **changes: object) -> bytes:
    return build_pam(event(name, **changes), head())


def withdrawal(**changes: object) -> bytes:
    """The A47 that takes an INS away."""
    return message("A47", **{"identity": identity(IPP, GONE, status="PROV"), "merged": (INS,), **changes})


@dataclass(frozen=True)
class Case:
    """``good`` with ``value`` at ``at`` breaks the rule, whose finding is at ``where``; putting ``mended`` there ends
    it. None removes the segment; an empty ``where`` is ``at``."""

    rule: str
    at: str
    value: str | None
    mended: str
    where: str = ""
    good: str = "A01"


CASES = (
    Case("PAM-A08", "MSH-9.2", "A08", "A01"),
    Case("PAM-EVENT", "MSH-9.2", "A60", "A01"),
    Case("PAM-PARTIES", "MSH-3", "", "GAM"),
    Case("PAM-PARTIES", "MSH-6", "", "CHU"),
    Case("PAM-STRUCTURE", "MSH-9.3", "", "ADT_A01"),
    Case("PAM-STRUCTURE", "MSH-9.3", "ADT_A08", "ADT_A39", good="A40"),
    Case("PAM-PROCESSING", "MSH-11.1", "X", "T"),
    Case("PAM-VERSION", "MSH-12.1", "2.3.1", "2.5"),
    Case("PAM-VERSION-FR", "MSH-12.3", "2.10", "2.11"),
    Case("PAM-COUNTRY", "MSH-17", "", "FRA"),
    Case("PAM-CHARSET", "MSH-18", "8859/1", "UNICODE UTF-8"),
    Case("PAM-PROFILE", "MSH-21", "", names.PROFILE),
    Case("PAM-EVN", "EVN-2", "", "20260306"),
    Case("PAM-DATES", "EVN-6", "06/03/2026", "20260306"),
    Case("PAM-PID-3", "PID-3", "", "1^^^A^PI"),
    Case("PAM-PID-5", "PID-5", "SIMULE^ALIX^^^^^D", "SIMULE^ALIX^^^^^L"),
    Case("PAM-PID-7", "PID-7", "19850230", "19850228"),
    Case("PAM-PID-8", "PID-8", "O", "M"),
    Case("PAM-PID-FORBIDDEN", "PID-10", "X", ""),
    Case("PAM-PID-FORBIDDEN", "PID-17", "CAT", ""),
    Case("PAM-PID-FORBIDDEN", "PID-22", "X", ""),
    Case("PAM-PID-32", "PID-32", "QUAL", "VALI"),
    Case("PAM-INS-OID", "PID-3[2].4.2", "1.2.250.1.213.1.4.2", "1.2.250.1.213.1.4.10"),
    Case("PAM-INS-KEY", "PID-3[2].1", "185010099900172", "185010099900171"),
    Case("PAM-INS-SAMPLE", "PID-3[2].1", "223042545611404", "185010099900171"),
    Case("PAM-INS-STATUS", "PID-32", "PROV", "VALI"),
    Case("PAM-INS-DATES", "PID-3[2].7", "20101207", ""),
    Case("PAM-INS-DELETED", "MSH-9.2", "A31", "A47", good="withdrawal"),
    Case("PAM-MRG", "MRG-1", "", "1^^^A^PI", good="A40"),
    Case("PAM-MRG-SELF", "MRG-1.1", "SIM000001", "SIM000002", good="A40"),
    Case("PAM-A47-INS", "MRG-1.5", "PI", "INS", good="withdrawal"),
    Case("PAM-PID-18", "PID-18", "", "D1^^^A^AN"),
    Case("PAM-PV1-2", "PV1-2", "P", "I"),
    Case("PAM-PV1-3", "PV1-3.1", "", "1001", good="A02"),
    Case("PAM-PV1-19", "PV1-19", "", "V1^^^A^VN"),
    Case("PAM-ZBE-1", "ZBE-1", "", "1^A"),
    Case("PAM-ZBE-2", "ZBE-2", "", "20260306"),
    Case("PAM-ZBE-2", "ZBE-2", "hier", "20260306"),
    Case("PAM-ZBE-3", "ZBE-3", "20260309102840", ""),
    Case("PAM-ZBE-4", "ZBE-4", "DELETE", "INSERT"),
    Case("PAM-ZBE-4-EVENT", "ZBE-4", "UPDATE", "INSERT"),
    Case("PAM-ZBE-4-EVENT", "ZBE-4", "INSERT", "CANCEL", good="A11"),
    Case("PAM-ZBE-4-EVENT", "ZBE-4", "INSERT", "UPDATE", good="Z99"),
    Case("PAM-ZBE-5", "ZBE-5", "", "N"),
    Case("PAM-ZBE-6", "ZBE-6", "", "A01", good="Z99"),
    Case("PAM-ZBE-6", "ZBE-6", "", "A02", good="A12"),
    Case("PAM-ZBE-6-EVENT", "ZBE-6", "A05", "A02", good="A12"),
    Case("PAM-ZBE-6-EVENT", "ZBE-6", "A11", "A01", good="Z99"),
    Case("PAM-ZBE-7", "ZBE-7.10", "", "1001"),
    Case("PAM-ZBE-7", "ZBE-8.7", "SRV", "UF"),
    Case("PAM-ZBE-9", "ZBE-9", "", "HMS"),
    Case("PAM-ZBE-9", "ZBE-9", "XYZ", "HMS"),
    Case("PAM-ZBE-9-C", "ZBE-9", "C", "HMS"),
    Case("PAM-ZFA-1", "ZFA-1", "OUVERT", "ACTIF"),
    Case("PAM-ZFA-OBSOLETE", "ZFA-4", "N", ""),
    Case("PAM-ZFA-OBSOLETE", "ZFA-7", "Y", ""),
    Case("PAM-ZFA-9", "ZFA-9", "Y", "INO"),
    Case("PAM-ZFA-11", "ZFA-11", "IO", "IC"),
    Case("PAM-ZFA-DATES", "ZFA-10", "06/03/2026", "20260306"),
    Case("PAM-ZFD", "ZFD-5", "CPS", "INSI"),
)
