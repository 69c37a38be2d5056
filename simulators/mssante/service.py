"""The MSSanté operator as one list: ports, operations, rules, settings, seed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Final

from simulators.core.exchange import Answer, Runtime
from simulators.core.http import Get, http_app, plain_page
from simulators.core.listeners.imap import ImapFramer
from simulators.core.listeners.limits import StreamLimits
from simulators.core.listeners.session import Link, Session, SessionFactory
from simulators.core.listeners.smtp import SmtpFramer
from simulators.core.pki import Trust
from simulators.core.rules import Rule
from simulators.core.service import Fidelity, ListenerSpec, Service, StreamSpec, WSGIApp
from simulators.core.store.api import Tx
from simulators.mssante import seeds
from simulators.mssante.access.door import Door
from simulators.mssante.access.introspection import own_client
from simulators.mssante.catchers import sms
from simulators.mssante.catchers.internet import CatcherSession
from simulators.mssante.imap.alarm import Alarm
from simulators.mssante.imap.session import ImapSession
from simulators.mssante.imap.state import House
from simulators.mssante.names import IMAP, IMAPS, INTERNET, NAME, OPERATOR, SMS, SUBMISSION, SUBMISSIONS
from simulators.mssante.operations import OPERATIONS
from simulators.mssante.outgoing import RELAY
from simulators.mssante.relay import Relay
from simulators.mssante.rules import access, delivery, imap, mail, submission
from simulators.mssante.settings import SETTINGS
from simulators.mssante.smtp.connection import Port
from simulators.mssante.smtp.session import SmtpSession

_LIMITS: Final = StreamLimits(idle_seconds=300.0)  # RFC 5321 §4.5.3.2.7
_IMAP_LIMITS: Final = StreamLimits(idle_seconds=1_800.0)  # RFC 3501 §5.4
LARGEST: Final = 48 * 1024 * 1024
"""Octets of a message held while it comes; beyond, it is read to its end and dropped."""


def framer() -> SmtpFramer:
    """SMTP, with the largest message of any world."""
    return SmtpFramer(max_data_bytes=LARGEST)


def imap_framer() -> ImapFramer:
    """IMAP, with literals as large as that."""
    return ImapFramer(max_literal_bytes=LARGEST)


STREAMS: Final = (
    StreamSpec(SUBMISSION, 30, "SMTP", "smtp", framer, "starttls", limits=_LIMITS),
    StreamSpec(SUBMISSIONS, 31, "SMTP", "smtps", framer, "implicit", limits=_LIMITS),
    StreamSpec(IMAP, 32, "IMAP", "imap", imap_framer, "starttls", limits=_IMAP_LIMITS),
    StreamSpec(IMAPS, 33, "IMAP", "imaps", imap_framer, "implicit", limits=_IMAP_LIMITS),
    StreamSpec(OPERATOR, 34, "SMTP", "smtp", framer, "starttls", limits=_LIMITS),
    StreamSpec(INTERNET, 35, "SMTP", "smtp", framer, "starttls", mutual=False, limits=_LIMITS),
)
PORTS: Final = {
    SUBMISSION: Port(SUBMISSION),
    SUBMISSIONS: Port(SUBMISSIONS, starttls=False),
    OPERATOR: Port(OPERATOR, operator=True),
}
RULES: Final[tuple[Rule, ...]] = (
    *access.RULES,
    *submission.RULES,
    *delivery.RULES,
    *sms.RULES,
    *imap.RULES,
    *mail.RULES,
)
FIDELITY: Final = (
    Fidelity(
        "AUTH",
        "XOAUTH2, OAUTHBEARER with tokens introspected at Pro Santé Connect, EXTERNAL with AUTH_CLI; polite or abrupt",
        "EXTERNAL and OAUTHBEARER are not confirmed by the sources; passwords exist, off, for desktop programs",
    ),
    Fidelity(
        "MESSAGE",
        "SIZE, 8BITMIME, SMTPUTF8, DSN, PIPELINING, reports, Return-Receipt-To, EICAR, citizens' rules",
        "reply codes and texts of the operators are inferred; an archive is not searched for viruses",
    ),
    Fidelity(
        "RELAY",
        "mutual TLS, white list by domain and DN, retry on business time, delayed then failed",
        "the route stands in the white list: no MX record is looked up",
    ),
    Fidelity(
        "IMAP",
        "IMAP4rev1 with IDLE, UIDPLUS, MOVE, CONDSTORE, SPECIAL-USE, NAMESPACE, QUOTA; each item compared with Dovecot",
        "the extensions of each real operator are unknown; QRESYNC, SORT, THREAD, BINARY are not offered",
    ),
    Fidelity("INTERNET, SMS", "ordinary mail and SMS are caught", "no national counterpart"),
)


def service(trust: Callable[[datetime], Trust]) -> Service:
    """The operator as a service; ``trust`` judges the certificates of clients and operators."""
    relay = Relay(trust)

    def sessions(runtime: Runtime, listener: str) -> SessionFactory:
        relay.stand_on(runtime)
        if listener in {IMAP, IMAPS}:
            house = House(runtime, listener, Door(runtime, trust), Alarm(runtime.store), starttls=listener == IMAP)
            return partial(ImapSession, house)
        return partial(_session, runtime, trust, listener)

    def wsgi(runtime: Runtime, listener: str) -> WSGIApp:
        return http_app(runtime, sms.SmsFlow(), listener, page=_page)

    return Service(
        name=NAME,
        title_fr="Opérateur MSSanté (simulation)",
        title_en="MSSanté operator (simulation)",
        listeners=(ListenerSpec(SMS, 36),),
        wsgi=wsgi,
        rules=RULES,
        paths={stream.name: "" for stream in STREAMS} | {SMS: "/"},
        path_listeners={stream.name: stream.name for stream in STREAMS} | {SMS: SMS},
        seed=seeds.seed,
        fidelity=FIDELITY,
        operations=OPERATIONS,
        settings=tuple(setting.name for setting in SETTINGS),
        due={RELAY: relay.try_again},
        senders={RELAY: relay.send},
        streams=STREAMS,
        sessions=sessions,
        relies_on=_clients,
        described={"mailboxes": seeds.described},
    )


def _session(runtime: Runtime, trust: Callable[[datetime], Trust], listener: str, link: Link) -> Session:
    if listener == INTERNET:
        return CatcherSession(link, runtime)
    return SmtpSession(link, runtime, trust, PORTS[listener])


def _clients(tx: Tx) -> list[dict[str, str]]:
    return [own_client(tx)]


def _page(get: Get) -> Answer | None:
    """A status line at the root of the SMS catcher."""
    return plain_page("SIMULATION. Segur sandbox, SMS catcher: POST to, text\n") if get.path == "/" else None
