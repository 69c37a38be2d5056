"""One connection between two commands, and what a command gives back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from simulators.core.exchange import Runtime
from simulators.core.listeners.session import Action, Command, Link
from simulators.core.store.api import Tx
from simulators.mssante.access.model import Access
from simulators.mssante.imap.alarm import Alarm
from simulators.mssante.imap.contract import Authenticator
from simulators.mssante.imap.errors import Bad
from simulators.mssante.imap.selected import Selected
from simulators.mssante.imap.wire import Line
from simulators.mssante.messages import Message
from simulators.mssante.mime.structure import Part, read_structure


@dataclass(frozen=True)
class House:
    """What all sessions of one listener share. ``starttls``: the listener can; ``largest`` is the greatest message."""

    runtime: Runtime
    listener: str
    authenticator: Authenticator
    alarm: Alarm
    starttls: bool = False
    largest: int = 35 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Loaded:
    """The bytes of one message and what they are made of."""

    sha256: str
    data: bytes
    structure: Part


@dataclass
class State:
    """``epoch`` is that of the world when the mailbox was opened; ``waits`` takes the next line instead of the
    dispatcher (a SASL response, DONE)."""

    house: House
    link: Link
    access: Access | None = None
    epoch: int = 0
    selected: Selected | None = None
    condstore: bool = False
    waits: Callable[[Command], Sequence[Action]] | None = None
    idle_tag: bytes | None = None
    blunders: int = 0
    _loaded: Loaded | None = None

    @property
    def opened(self) -> Access:
        """The mailbox. Raises :class:`Bad` before authentication."""
        if self.access is None:
            raise Bad("authenticate first")
        return self.access

    @property
    def folder(self) -> Selected:
        """The open folder. Raises :class:`Bad` when there is none."""
        if self.selected is None:
            raise Bad("select a folder first")
        return self.selected

    def leave(self) -> None:
        """No folder is open any more."""
        self.selected = self._loaded = None

    def unload(self) -> None:
        """The message read last is not needed any more."""
        self._loaded = None

    def loaded(self, message: Message, tx: Tx | None = None) -> Loaded:
        """The message read; the last one is kept, because clients fetch a large one piece by piece."""
        if self._loaded is None or self._loaded.sha256 != message.sha256:
            data = tx.blob_bytes(message.sha256) if tx is not None else self._bytes(message)
            self._loaded = Loaded(message.sha256, data, read_structure(data))
        return self._loaded

    def _bytes(self, message: Message) -> bytes:
        with self.house.runtime.store.read(self.opened.world) as tx:
            return tx.blob_bytes(message.sha256)


@dataclass
class Reply:
    """``lines`` are untagged responses without ``*`` and CR LF, sent as they are produced; then the tagged OK with
    ``code`` and ``text``. ``after`` are actions behind it; ``keys`` go into the journal."""

    text: str
    code: str = ""
    lines: Iterable[Line] = ()
    after: Sequence[Action] = field(default_factory=tuple)
    keys: Sequence[str] = ()


class NeedsWrite(Exception):
    """A command that was run read-only would have to write: it is run again in a write transaction."""


Perform = Callable[[State, Tx, bool], Reply]
"""What a parsed command does in a transaction; the flag says whether it may write."""
