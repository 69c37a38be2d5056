"""Who stands on each side of an exchange, by what its rows say: protocol, direction, operation, who."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from simulators.scenario.picture.model import SUT, Known, Party, Row
from simulators.scenario.picture.pairing import Pair, act_of, caller_of

DMP, MSSANTE, PSC, HOSPITAL_IDP = "dmp", "mssante", "pro_sante_connect", "hospital_idp"
PFI, DPI, IDENTITY = "pfi", "dpi", "identity_repository"
PEERS: Final = (PFI, DPI, IDENTITY)
OPERATOR, PROFESSIONAL, PATIENT = "other_operator", "professional", "patient"
MAILBOX, HOUSE, INTERNET, PHONE, CLIENT = "mailbox", "structure_mailbox", "internet", "phone", "client"
OUR_PRODUCT: Final = "Segur sandbox"
"""LPS_Nom of our own client: what it sends is sent for a structure that the sandbox plays."""
_OUR_CLIENTS: Final = ("scenario-", "sim-operateur-mssante-")
_BY_APPLICATION: Final = {"PFI-SEGUR-SANDBOX": PFI, "DPI-SEGUR-SANDBOX": DPI, "GAM-SEGUR-SANDBOX": IDENTITY}
_IN_A_BROWSER: Final = frozenset({"authorization", "login", "portal", "logout"})
_CAUGHT: Final = {"INTERNET": INTERNET, "SMS": PHONE}

Callers = dict[tuple[str, str], str]
Lines = Mapping[tuple[str, str], Party]
"""Who is at the other end of a connection: by the protocol and the address it came from."""


def lines(pairs: Iterable[Pair], known: Known) -> Lines:
    """The connections of which one exchange told who called."""
    found: dict[tuple[str, str], Party] = {}
    for pair in pairs:
        row = pair.called
        if row is None or row["direction"] == "out" or not row["who"].get("address"):
            continue
        if pair.caller is not None:
            found[_line(row)] = _own(pair.caller)
        elif _by_webmail(row):
            found[_line(row)] = owner(row["who"].get("mailbox", ""), known)
    return found


def _line(row: Row) -> tuple[str, str]:
    return str(row["protocol"]), str(row["who"].get("address", ""))


def sides(pair: Pair, known: Known, callers: Callers, lines: Lines, played: frozenset[str]) -> tuple[Party, Party]:
    """From whom, to whom. ``callers`` see :func:`~simulators.scenario.picture.pairing.callers`, ``lines`` see
    :func:`lines`; ``played`` are the protocols of the rows of this journey: peers of ours that run."""
    called, caller = pair.called, pair.caller
    if called is None and caller is not None:
        return _own(caller), _answering(caller, played)
    if called is None:
        raise ValueError("a pair has a row")
    if called["direction"] == "out":
        return _own(called), _outside(called)
    source = _own(caller) if caller is not None else lines.get(_line(called)) or _calling(called, known, callers)
    return source, Party(_CAUGHT.get(act_of(called), str(called["protocol"])))


def _own(row: Row) -> Party:
    return Party(str(row["operation"]).partition(".")[0])


def _outside(row: Row) -> Party:
    """Whom a service of ours called: the next operator, or the client that asked to be told."""
    return Party(OPERATOR) if row["protocol"] == MSSANTE else Party(SUT)


def _answering(row: Row, played: frozenset[str]) -> Party:
    """Whom our peer called, when no row here is of the one called: the product, unless it is one of our services."""
    role = receiver_role(act_of(row), _own(row).code)
    if role not in PEERS:
        return Party(role)
    return Party(role) if role in played and row["outcome"] == "failed" else Party(SUT, role)


def receiver_role(act: str, sender: str) -> str:
    """The role that an act is addressed to."""
    if act.startswith("TD"):
        return DMP
    if act.startswith("ZAM"):
        return DPI
    if "^" not in act:
        return MSSANTE
    return DPI if sender == PFI else PFI


def sender_role(act: str, receiver: str) -> str:
    """The role that an HL7 message comes from."""
    if act.startswith("ADT"):
        return IDENTITY
    return PFI if act.startswith("ZAM") or receiver == DPI else DPI


def _calling(row: Row, known: Known, callers: Callers) -> Party:
    peer = caller_of(row, callers) or _revealed(row["who"])
    if peer:
        return Party(peer)
    protocol = str(row["protocol"])
    if protocol in PEERS:
        return Party(SUT, sender_role(act_of(row), protocol))
    if protocol == DMP:
        return _feeding(row["who"])
    if protocol == MSSANTE:
        return _mailing(row, known)
    if protocol in (PSC, HOSPITAL_IDP):
        return _signing_in(row)
    return Party(SUT)


def _revealed(who: Mapping[str, str]) -> str:
    """A peer of ours that tells its name in MSH-3."""
    return next((_BY_APPLICATION[value] for value in who.values() if value in _BY_APPLICATION), "")


def _feeding(who: Mapping[str, str]) -> Party:
    if not who.get("product", "").startswith(OUR_PRODUCT):
        return Party(SUT)
    return Party(f"structure:{who['structure']}") if who.get("structure") else Party(CLIENT)


def _mailing(row: Row, known: Known) -> Party:
    """A mail or a reading: by another operator, the webmail's people, our peer's mailbox, else the product."""
    who, mailbox = row["who"], row["who"].get("mailbox", "")
    if act_of(row) in _CAUGHT:
        return Party(SUT)
    if mailbox in known.peers:
        return Party(known.peers[mailbox])
    if _by_webmail(row):
        return owner(mailbox, known)
    if not mailbox and "certificate" in who and act_of(row) == "MESSAGE":
        return Party(OPERATOR)
    return Party(SUT)


def _by_webmail(row: Row) -> bool:
    """People of this sandbox write by its own webmail."""
    return row["who"].get("address") == "webmail" or "\nHelo: webmail." in str(row["request"].get("head", ""))


def owner(address: str, known: Known) -> Party:
    """Who reads a mailbox: a professional, a patient, a structure; a mailbox nobody knows is one."""
    kind = known.mailboxes.get(address, "CITIZEN" if "@patient." in address else "")
    return Party({"CITIZEN": PATIENT, "PER": PROFESSIONAL, "": MAILBOX}.get(kind, HOUSE))


def _signing_in(row: Row) -> Party:
    act, client = act_of(row), str(row["who"].get("client", ""))
    if act == "phone":
        return Party(PHONE)
    if act in _IN_A_BROWSER:
        return Party(PROFESSIONAL)
    return Party(CLIENT) if client.startswith(_OUR_CLIENTS) else Party(SUT)


def name_of(party: Party, known: Known) -> str:
    """What a structure is called here, when somebody knows."""
    kind, _, identifier = party.code.partition(":")
    return known.structures.get(identifier, identifier) if kind == "structure" else ""
