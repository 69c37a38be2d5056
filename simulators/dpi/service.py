"""The hospital record as one list: ports, operations, rules, settings."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final, NoReturn

from simulators.core.exchange import Runtime
from simulators.core.hl7 import ACK_WARNINGS, Hl7Flow, MllpSession, Perform
from simulators.core.hl7 import RULES as HL7_RULES
from simulators.core.listeners.mllp import MllpFramer
from simulators.core.listeners.session import Link, Session, SessionFactory
from simulators.core.pki import Trust
from simulators.core.rules import Rule
from simulators.core.service import Fidelity, Service, StreamSpec
from simulators.dpi.incoming import admit, take_receipt
from simulators.dpi.integration import take
from simulators.dpi.names import LEAVE, MLLP, MLLPS, NAME, RETRY, SEND
from simulators.dpi.outgoing import Outgoing
from simulators.dpi.rules import content, envelope, identity, receipt
from simulators.dpi.seeds import seed
from simulators.dpi.settings import SETTINGS
from simulators.population.pam import PAM_EVENTS, PAM_RULES

RULES: Final[tuple[Rule, ...]] = (
    *HL7_RULES,
    *envelope.RULES,
    *content.RULES,
    *identity.RULES,
    *receipt.RULES,
    *PAM_RULES,
)
PERFORM: Final[dict[str, Perform]] = {
    **dict.fromkeys(("MDM^T02", "MDM^T10", "MDM^T04"), take),
    **dict.fromkeys(("ZAM^Z01", "ZAM^Z02", "ZAM^Z03"), take_receipt),
    "ADT^*": admit,
}
OPERATIONS: Final = (
    *(f"{NAME}.{kind}" for kind in PERFORM if not kind.endswith("*")),
    *(f"{NAME}.ADT^{event}" for event in sorted(PAM_EVENTS)),
    *(f"{NAME}.out.{kind}" for kind in ("MDM^T02", "MDM^T10", "MDM^T04", "ORU^R01")),
)
STREAMS: Final = (
    StreamSpec(MLLP, 42, "MLLP", "mllp", MllpFramer),
    StreamSpec(MLLPS, 43, "MLLP", "mllps", MllpFramer, "implicit"),
)
FIDELITY: Final = (
    Fidelity(
        "MDM, ORU (out)",
        "validated, deferred, held, cancelled, replaced, deleted, masked; one MSH-10 until AA or AE; PAM obeyed",
        "the order in which a real record asks its user is its own; documents are level 1",
    ),
    Fidelity(
        "ZAM (in)",
        "Z01, Z02, Z03 matched by OBX-4, late or repeated ones taken",
        "the refusal of an unknown OBX-4 is inferred",
    ),
    Fidelity(
        "MDM flow 6 (in)",
        "five traits, matricule and OID compared; 900 to 906; versions kept; duplicates; manual import",
        "which code a real record gives to which case is partly inferred; INVISIBLE flags are shown, not enforced",
    ),
    Fidelity("ADT (in)", "identities, PID-32, ZFA-9 and ZFA-11 of IHE PAM FR 2.11", "stays are kept in outline"),
)


def service(trust: Callable[[datetime], Trust]) -> Service:
    """The record as a service; ``trust`` judges the certificate of the PFI it calls."""
    outgoing = Outgoing(trust)
    flow = Hl7Flow(NAME, PERFORM)

    def sessions(runtime: Runtime, listener: str) -> SessionFactory:
        outgoing.stand_on(runtime)

        def session(link: Link) -> Session:
            return MllpSession(link, runtime, flow, NAME)

        return session

    return Service(
        name=NAME,
        title_fr="Dossier patient informatisé, DPI (simulation)",
        title_en="Hospital record, DPI (simulation)",
        listeners=(),
        wsgi=_no_web,
        rules=RULES,
        paths={stream.name: "" for stream in STREAMS},
        path_listeners={stream.name: stream.name for stream in STREAMS},
        seed=seed,
        fidelity=FIDELITY,
        operations=OPERATIONS,
        settings=tuple(setting.name for setting in (*SETTINGS, ACK_WARNINGS)),
        due={LEAVE: outgoing.leave, RETRY: outgoing.try_again},
        senders={SEND: outgoing.send},
        streams=STREAMS,
        sessions=sessions,
    )


def _no_web(runtime: Runtime, listener: str) -> NoReturn:
    raise KeyError(f"the record speaks no HTTP: {listener}")
