"""The IMAP session: units in, actions out. No I/O, and nothing raises out of it.

Source: RFC 3501 §2.2, §3 (states), §7. Each command is read by its family (:mod:`.commands`), run by :mod:`.runner`,
and followed by what changed in the open folder meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from simulators.core.errors import StoreError
from simulators.core.listeners.environ import TlsFacts
from simulators.core.listeners.session import (
    Action,
    Close,
    Command,
    Expect,
    Later,
    Link,
    LiteralOffered,
    Send,
    Unit,
    Violation,
)
from simulators.core.store.api import Tx
from simulators.mssante.imap import idling
from simulators.mssante.imap.capabilities import capabilities
from simulators.mssante.imap.commands import append
from simulators.mssante.imap.commands.spec import Spec
from simulators.mssante.imap.commands.table import COMMANDS
from simulators.mssante.imap.errors import Bad, Bye, ImapError
from simulators.mssante.imap.reader import Reader
from simulators.mssante.imap.runner import Asked, Outcome, run, spoken
from simulators.mssante.imap.state import House, Perform, Reply, State
from simulators.mssante.imap.wire import in_pieces, said, untagged

CHUNK_BYTES = 1 << 20
_MOST_BLUNDERS = 30
_SMALL_LITERAL = 8_192


class ImapSession:
    """One connection."""

    def __init__(self, house: House, link: Link) -> None:
        self.state = State(house, link)

    # --- what the host calls

    def opened(self) -> Sequence[Action]:
        code = f"CAPABILITY {capabilities(self.state)}"
        return [Send(said(b"*", "OK", "Segur sandbox IMAP (SIMULATION) ready", code))]

    def receive_unit(self, unit: Unit) -> Sequence[Action]:
        if isinstance(unit, LiteralOffered):
            return self._offered(unit)
        if isinstance(unit, Violation):
            return self._violated(unit)
        if not isinstance(unit, Command):
            return [Close()]
        waits, self.state.waits = self.state.waits, None
        return waits(unit) if waits is not None else self._command(unit)

    def secured(self, tls: TlsFacts) -> Sequence[Action]:
        """What was said in clear text is forgotten (RFC 3501 §6.2.1)."""
        self.state.waits = None
        return []

    def woken(self) -> Sequence[Action]:
        if self.state.idle_tag is None:
            return []
        return self._expired() or self._guarded(b"*", lambda: idling.told(self.state))

    def closed(self) -> None:
        idling.leave(self.state)

    # --- commands

    def _command(self, unit: Command) -> Sequence[Action]:
        tag = _tag_of(unit.raw)
        try:
            spec, reader, uid = self._read(unit)
        except Bad as problem:
            self.state.blunders += 1
            return self._refused(tag, "COMMAND", unit.raw, problem)
        if spec.direct is not None:
            direct = spec.direct
            return self._guarded(tag, lambda: direct(self.state, reader, tag), spec.name, unit.raw)
        return self._stored(spec, reader, uid, tag, unit.raw)

    def _read(self, unit: Command) -> tuple[Spec, Reader, bool]:
        """Raises :class:`Bad`."""
        reader = Reader(unit.parts)
        reader.tag()
        reader.space()
        name = reader.word()
        uid = name == "UID"
        if uid:
            reader.space()
            name = reader.word()
        spec = COMMANDS.get(name)
        if spec is None or (uid and not spec.uid):
            raise Bad(f"unknown command {name[:30]}")
        self._allowed(spec)
        return spec, reader, uid

    def _allowed(self, spec: Spec) -> None:
        if spec.needs == "folder":
            self.state.folder  # noqa: B018 - raises
        elif spec.needs == "mailbox":
            self.state.opened  # noqa: B018 - raises
        elif spec.needs == "nobody" and self.state.access is not None:
            raise Bad("authenticated already")

    def _stored(self, spec: Spec, reader: Reader, uid: bool, tag: bytes, raw: bytes) -> Sequence[Action]:
        expired = self._expired()
        if expired is not None:
            return expired
        assert spec.parse is not None
        try:
            perform, loud = spec.parse(self.state, reader, uid), spec.loud
            reader.end()
        except ImapError as problem:
            perform, loud = _raising(problem), True
        asked = Asked(tag, spec.name, raw, perform, loud)
        outcome = run(self.state, asked)
        return self._delivered(asked, outcome, expunges=spec.expunges or uid)

    def _refused(self, tag: bytes, name: str, raw: bytes, problem: ImapError) -> Sequence[Action]:
        asked = Asked(tag, name, raw, _raising(problem), True)
        outcome = run(self.state, asked)
        if self.state.blunders > _MOST_BLUNDERS:
            return [Send(outcome.answer.body), Send(said(b"*", "BYE", "too many errors")), Close()]
        return self._delivered(asked, outcome, expunges=False)

    def _guarded(
        self, tag: bytes, call: Callable[[], Sequence[Action]], name: str = "IDLE", raw: bytes = b""
    ) -> Sequence[Action]:
        """``call``'s actions, or the funnel's for what it raises."""
        try:
            return call()
        except Bye as bye:
            return [Send(said(b"*", "BYE", bye.text, bye.code)), Close()]
        except StoreError as gone:
            return [Send(said(b"*", "BYE", str(gone), "UNAVAILABLE")), Close()]
        except Exception as problem:
            return self._refused(tag, name, raw, problem if isinstance(problem, ImapError) else _Unforeseen(problem))

    def _expired(self) -> Sequence[Action] | None:
        """A session does not outlive the token it was opened with."""
        access = self.state.access
        if access is None or access.expires is None:
            return None
        runtime = self.state.house.runtime
        try:
            if runtime.worlds.get(access.world).wire(runtime.now()) < access.expires:
                return None
        except StoreError as gone:
            return [Send(said(b"*", "BYE", str(gone), "UNAVAILABLE")), Close()]
        return [Send(said(b"*", "BYE", "the access token has expired: authenticate anew", "EXPIRED")), Close()]

    # --- answers

    def _delivered(self, asked: Asked, outcome: Outcome, *, expunges: bool) -> Sequence[Action]:
        answer = spoken(asked, outcome.answer)
        if answer.disconnect is not None:
            ended = [Send(answer.body)] if answer.body.startswith(b"* BYE") else []
            return [*ended, Close(reset=answer.disconnect == "reset")]
        tagged = answer.body if answer.truncate is None else answer.body[: answer.truncate]
        after = outcome.reply.after if outcome.reply is not None else []
        stream = self._octets(asked, outcome, tagged, expunges)
        actions = [*after, *([Close()] if answer.truncate is not None else [])]
        if answer.delay:
            return [Later(answer.delay, lambda: self._streamed(stream, actions))]
        return self._streamed(stream, actions)

    def _octets(self, asked: Asked, outcome: Outcome, tagged: bytes, expunges: bool) -> Iterator[bytes]:
        try:
            for line in outcome.reply.lines if outcome.reply is not None else ():
                yield from in_pieces(line)
            for line in self._news(expunges):
                yield untagged(line)
        except (Bye, StoreError):
            raise
        except Exception as bug:
            tagged = run(self.state, replace(asked, perform=_raising(_Unforeseen(bug)), loud=True)).answer.body
        yield tagged

    def _streamed(self, stream: Iterator[bytes], after: Sequence[Action]) -> Sequence[Action]:
        """A large answer leaves in pieces, so that it is never whole in memory."""
        held = bytearray()
        try:
            for octets in stream:
                held += octets
                if len(held) >= CHUNK_BYTES:
                    return [Send(bytes(held)), Later(0.0, lambda: self._streamed(stream, after))]
        except Bye as bye:
            return [Send(bytes(held) + said(b"*", "BYE", bye.text, bye.code)), Close()]
        except StoreError as gone:
            return [Send(bytes(held) + said(b"*", "BYE", str(gone), "UNAVAILABLE")), Close()]
        return [Send(bytes(held)), *after]

    def _news(self, expunges: bool) -> Iterator[bytes]:
        return idling.news(self.state, expunges=expunges) if self.state.selected is not None else iter(())

    # --- literals and broken framing

    def _offered(self, unit: LiteralOffered) -> Sequence[Action]:
        """Refused before its octets travel, when it would be refused afterwards."""
        tag = _tag_of(unit.so_far)
        try:
            if unit.size > _SMALL_LITERAL:
                append.foreseen(self.state, unit)
        except ImapError as problem:
            return [*self._refused(tag, "APPEND", unit.so_far, problem), Expect("no_literal")]
        except StoreError as gone:
            return [Send(said(b"*", "BYE", str(gone), "UNAVAILABLE")), Close()]
        return [Send(b"+ OK\r\n"), Expect("literal")]

    def _violated(self, unit: Violation) -> Sequence[Action]:
        self.state.waits = None
        text = unit.reason.en
        if unit.fatal:
            return [Send(said(b"*", "BYE", text))]
        self.state.blunders += 1
        return [Send(said(_tag_of(unit.raw), "BAD", text))]


class _Unforeseen(ImapError):
    """Carries an exception nobody foresaw to the funnel, which journals it as SIM-BUG."""

    def __init__(self, cause: Exception) -> None:
        self.cause = cause
        super().__init__(repr(cause))


def _raising(problem: ImapError) -> Perform:
    def perform(state: State, tx: Tx, may_write: bool) -> Reply:
        raise problem.cause if isinstance(problem, _Unforeseen) else problem

    return perform


def _tag_of(raw: bytes) -> bytes:
    """The tag of a command that may be no command, ``*`` if it has none."""
    try:
        return Reader((raw[:100].partition(b"\r\n")[0],)).tag()
    except Bad:
        return b"*"
