"""The only room that opens a listening socket: HTTP(S) ports in front of WSGI, and MLLP, SMTP, IMAP framing.

``HttpListener`` serves one port; ``StreamHost`` serves all stream ports (``StreamRoom``) in one asyncio thread. Both
run what they receive in ``WorkerPool`` threads and tell an ``Incident`` for whatever never became a request.
"""

from simulators.core.listeners.by_name import by_name, choose_by_name
from simulators.core.listeners.deferred import Deferred
from simulators.core.listeners.environ import TlsFacts
from simulators.core.listeners.http_listener import HttpListener
from simulators.core.listeners.imap import ImapFramer
from simulators.core.listeners.incident import Incident, IncidentSink, Kind, Reason
from simulators.core.listeners.limits import Limits, StreamLimits, changed, of_stream
from simulators.core.listeners.mllp import MllpFramer
from simulators.core.listeners.pool import WorkerPool
from simulators.core.listeners.session import (
    Action,
    Close,
    Command,
    Data,
    Expect,
    Frame,
    Framer,
    Later,
    Line,
    Link,
    LiteralOffered,
    Send,
    Session,
    SessionFactory,
    StartTls,
    Unit,
    Violation,
)
from simulators.core.listeners.smtp import SmtpFramer
from simulators.core.listeners.stream import StreamHost
from simulators.core.listeners.stream_room import StreamRoom

__all__ = [
    "Action",
    "Close",
    "Command",
    "Data",
    "Deferred",
    "Expect",
    "Frame",
    "Framer",
    "HttpListener",
    "ImapFramer",
    "Incident",
    "IncidentSink",
    "Kind",
    "Later",
    "Limits",
    "Line",
    "Link",
    "LiteralOffered",
    "MllpFramer",
    "Reason",
    "Send",
    "Session",
    "SessionFactory",
    "SmtpFramer",
    "StartTls",
    "StreamHost",
    "StreamLimits",
    "StreamRoom",
    "TlsFacts",
    "Unit",
    "Violation",
    "WorkerPool",
    "by_name",
    "changed",
    "choose_by_name",
    "of_stream",
]
