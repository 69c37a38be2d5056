"""The PFI as one list: ports, operations, rules, settings, what it does by itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Final

from simulators.core.exchange import Runtime
from simulators.core.hl7 import ACK_WARNINGS, Hl7Flow, MllpSession
from simulators.core.hl7 import RULES as HL7_RULES
from simulators.core.listeners.limits import StreamLimits
from simulators.core.listeners.mllp import MllpFramer
from simulators.core.listeners.session import SessionFactory
from simulators.core.pki import Trust
from simulators.core.rules import Rule
from simulators.core.service import Fidelity, Service, StreamSpec, WSGIApp
from simulators.core.store.api import Tx
from simulators.pfi import admissions, inbox, orders, reception, seeds
from simulators.pfi.dmp_leg import DmpJob
from simulators.pfi.ground import Ground
from simulators.pfi.incoming import IncomingJob
from simulators.pfi.mail_leg import MailJob
from simulators.pfi.names import DMP, FLOW_6, MLLP, MLLPS, NAME
from simulators.pfi.operations import OPERATIONS, TAKEN
from simulators.pfi.poller import Poller
from simulators.pfi.report_leg import ReportJob
from simulators.pfi.rules.catalogue import RULES as RECEPTION_RULES
from simulators.pfi.runner import Runner
from simulators.pfi.settings import SETTINGS
from simulators.pfi.zam_leg import ZamJob
from simulators.population.pam import PAM_RULES

_LIMITS: Final = StreamLimits(idle_seconds=3_600.0)
"""Engines keep one line open all day."""
STREAMS: Final = (
    StreamSpec(MLLP, 40, "MLLP", "mllp", MllpFramer, limits=_LIMITS),
    StreamSpec(MLLPS, 41, "MLLP", "mllps", MllpFramer, "implicit", limits=_LIMITS),
)
RULES: Final[tuple[Rule, ...]] = (*HL7_RULES, *RECEPTION_RULES, orders.REUSED, *PAM_RULES)
FIDELITY: Final = (
    Fidelity(
        "MDM^T02, T10, T04, ORU^R01",
        "profiles 2.1 and older, checks in a published order, one ERR a finding, replacement and deletion by chains",
        "no PFI publishes its checks: order, codes and levels are inferred",
    ),
    Fidelity(
        "DMP",
        "TD2.1, RPLC, TD3.3c in indirect authentication; queue, retries on business time, lost answers recognised",
        "the code of an outage that never ended is ours (SIMDmpInjoignable)",
    ),
    Fidelity("MSSanté", "one mail a recipient with XDM and PDF, DSN and MDN asked for and told by ZAM", "certificate"),
    Fidelity("ZAM", "Z01, Z02, Z03 as the flags ask, retried until acknowledged", "retry policy is inferred"),
    Fidelity("Flow 6", "mail to MDM, return by MDN, error mailbox as MDN or mail", "no table from mailbox to unit"),
    Fidelity("ADT", "status of the identity and information on feeding obeyed", "other data of PAM are not kept"),
)


def service(trust: Callable[[datetime], Trust]) -> Service:
    """The PFI as a service; ``trust`` judges the certificates of those it calls."""
    ground = Ground(trust)
    jobs = (DmpJob(ground), MailJob(ground), ZamJob(ground), IncomingJob(ground), ReportJob(ground))
    held = {DMP: orders.before, FLOW_6: inbox.before}
    runners = {job.kind: Runner(ground, job, held.get(job.kind, _never)) for job in jobs}
    flow = Hl7Flow(NAME, {**dict.fromkeys(TAKEN, reception.perform), "ADT^*": admissions.perform})

    def sessions(runtime: Runtime, listener: str) -> SessionFactory:
        ground.stand_on(runtime)
        return partial(MllpSession, runtime=runtime, flow=flow, protocol=NAME)

    return Service(
        name=NAME,
        title_fr="Plateforme d'intermédiation, PFI (simulation)",
        title_en="Intermediation platform, PFI (simulation)",
        listeners=(),
        wsgi=_no_pages,
        rules=RULES,
        paths={stream.name: "" for stream in STREAMS},
        path_listeners={stream.name: stream.name for stream in STREAMS},
        seed=seeds.seed,
        fidelity=FIDELITY,
        operations=OPERATIONS,
        settings=tuple(setting.name for setting in (*SETTINGS, ACK_WARNINGS)),
        due={kind: runner.try_again for kind, runner in runners.items()},
        senders={kind: runner.send for kind, runner in runners.items()},
        streams=STREAMS,
        sessions=sessions,
        described={"pfi": seeds.described},
        polls=(Poller(ground),),
        hints=(Poller.HINT,),
    )


def _never(tx: Tx, name: str) -> str:
    return ""


def _no_pages(runtime: Runtime, listener: str) -> WSGIApp:
    raise KeyError(listener)
