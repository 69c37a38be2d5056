"""What a simulator shows of itself: the whole service read as a list."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from simulators.core.due import Handler, Poll, Sender
from simulators.core.exchange import Runtime
from simulators.core.listeners.limits import StreamLimits
from simulators.core.listeners.session import Framer, SessionFactory
from simulators.core.rules import Rule
from simulators.core.store.api import Tx
from simulators.core.world import Seeder

WSGIApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


@dataclass(frozen=True)
class ListenerSpec:
    """One port. ``offset`` is added to the base port; ``tls`` is ``none``, ``server`` or ``mutual``
    (client certificates asked for, judged after the handshake)."""

    name: str
    offset: int
    tls: str = "none"


@dataclass(frozen=True)
class StreamSpec:
    """One port of a protocol that keeps a session. ``protocol`` names it in sentences, ``scheme`` in URLs; ``tls`` is
    ``none``, ``starttls`` or ``implicit``; ``mutual``: a client certificate is asked for, none is accepted too."""

    name: str
    offset: int
    protocol: str
    scheme: str
    framer: Callable[[], Framer]
    tls: str = "none"
    mutual: bool = True
    limits: StreamLimits = field(default_factory=StreamLimits)


@dataclass(frozen=True)
class Fidelity:
    """One line of the fidelity table: what is played, and where the national service differs."""

    operation: str
    played: str
    differs: str


@dataclass(frozen=True)
class Service:
    """One simulator.

    ``wsgi`` builds the application of one HTTP listener; ``paths`` gives the service URLs of the endpoints file as
    ``{name: path}``, on the first listener unless ``path_listeners`` names another; ``seed`` fills a new world;
    ``production_names`` are the host names of the national service, by listener; ``clients`` lists the
    OpenID clients of a world, with their secrets; ``due`` and ``senders`` are the handlers of due rows and of the
    outbox; ``families`` are the families of data (``population.exchange_formats``) it adds to import and export.

    ``described`` adds lists to the description of a world (endpoints file, control API), by name.

    ``streams`` are its ports of SMTP, IMAP or MLLP, and ``sessions`` makes the sessions of one of them. ``relies_on``
    gives the OpenID clients (``provider``, ``client_id``, ``secret``) it uses at providers of the same sandbox, which
    are told of them by ``register``. ``polls`` look at what others keep for it (a mailbox); ``hints`` are the kinds of
    channels that announce news there.
    """

    name: str
    title_fr: str
    title_en: str
    listeners: tuple[ListenerSpec, ...]
    wsgi: Callable[[Runtime, str], WSGIApp]
    rules: tuple[Rule, ...]
    paths: Mapping[str, str] = field(default_factory=dict)
    path_listeners: Mapping[str, str] = field(default_factory=dict)
    seed: Seeder | None = None
    fidelity: tuple[Fidelity, ...] = ()
    operations: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    production_names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    clients: Callable[[Tx], list[dict[str, Any]]] | None = None
    due: Mapping[str, Handler] = field(default_factory=dict)
    senders: Mapping[str, Sender] = field(default_factory=dict)
    families: tuple[Any, ...] = ()
    streams: tuple[StreamSpec, ...] = ()
    described: Mapping[str, Callable[[Tx], list[dict[str, Any]]]] = field(default_factory=dict)
    sessions: Callable[[Runtime, str], SessionFactory] | None = None
    relies_on: Callable[[Tx], list[dict[str, str]]] | None = None
    register: Callable[[Tx, Mapping[str, str]], None] | None = None
    polls: tuple[Poll, ...] = ()
    hints: tuple[str, ...] = ()
