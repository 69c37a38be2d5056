"""CAPABILITY, NOOP, LOGOUT, ID, ENABLE, IDLE: commands about the connection.

Source: RFC 3501 §6.1; RFC 2971, 5161, 2177.
"""

from __future__ import annotations

from collections.abc import Sequence

from simulators.core.listeners.session import Action, Close, Command, Send
from simulators.mssante.imap import idling
from simulators.mssante.imap.capabilities import capabilities
from simulators.mssante.imap.reader import Reader
from simulators.mssante.imap.state import State
from simulators.mssante.imap.wire import said, untagged

_MOST_ID_FIELDS = 30


def capability(state: State, reader: Reader, tag: bytes) -> Sequence[Action]:
    """CAPABILITY."""
    reader.end()
    return [Send(untagged(f"CAPABILITY {capabilities(state)}".encode()) + said(tag, "OK", "done"))]


def noop(state: State, reader: Reader, tag: bytes) -> Sequence[Action]:
    """NOOP: tells what changed."""
    reader.end()
    return [*idling.told(state), Send(said(tag, "OK", "done"))]


def logout(state: State, reader: Reader, tag: bytes) -> Sequence[Action]:
    """LOGOUT."""
    reader.end()
    return [Send(said(b"*", "BYE", "goodbye") + said(tag, "OK", "done")), Close()]


def identify(state: State, reader: Reader, tag: bytes) -> Sequence[Action]:
    """ID. What the client says of itself changes nothing."""
    reader.space()
    if not reader.take_nil():
        reader.listed(lambda: None if reader.take_nil() else reader.string(), most=_MOST_ID_FIELDS)
    reader.end()
    return [Send(untagged(b'ID ("name" "Segur sandbox (SIMULATION)")') + said(tag, "OK", "done"))]


def enable(state: State, reader: Reader, tag: bytes) -> Sequence[Action]:
    """ENABLE: CONDSTORE is all there is."""
    words = []
    while reader.take(b" "):
        words.append(reader.word())
    reader.end()
    found = b" CONDSTORE" if "CONDSTORE" in words else b""
    state.condstore = state.condstore or bool(found)
    return [Send(untagged(b"ENABLED" + found) + said(tag, "OK", "done"))]


def idle(state: State, reader: Reader, tag: bytes) -> Sequence[Action]:
    """IDLE until DONE."""
    reader.end()
    idling.enter(state, tag)
    state.waits = lambda unit: _done(state, unit, tag)
    return [*idling.told(state), Send(b"+ idling\r\n")]


def _done(state: State, unit: Command, tag: bytes) -> Sequence[Action]:
    idling.leave(state)
    if unit.parts[0].strip().upper() != b"DONE":
        return [Send(said(tag, "BAD", "expected DONE"))]
    return [*idling.told(state), Send(said(tag, "OK", "idle ended"))]
