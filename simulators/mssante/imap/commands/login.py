"""STARTTLS, AUTHENTICATE, LOGIN: how a mailbox is opened.

Source: RFC 3501 §6.2; RFC 4959 (initial response), RFC 7628 §3.2.3 (a refused bearer token is told why, then the client
says one more line), facts mssante §2.2 (polite and abrupt refusals).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence

from simulators.core.listeners.session import Action, Close, Command, Expect, Send, StartTls
from simulators.mssante import folders
from simulators.mssante.access.model import Access
from simulators.mssante.imap.capabilities import capabilities
from simulators.mssante.imap.contract import Refused
from simulators.mssante.imap.errors import Bad, No
from simulators.mssante.imap.reader import Reader
from simulators.mssante.imap.state import State
from simulators.mssante.imap.wire import said

_LONGEST_RESPONSE = 64 * 1024


def starttls(state: State, reader: Reader, tag: bytes) -> Sequence[Action]:
    """STARTTLS."""
    reader.end()
    if not state.house.starttls or state.link.tls is not None:
        raise Bad("TLS is on already" if state.link.tls is not None else "STARTTLS is not offered here")
    return [Send(said(tag, "OK", "begin TLS negotiation now")), StartTls()]


def login(state: State, reader: Reader, tag: bytes) -> Sequence[Action]:
    """LOGIN, which is PLAIN in other words."""
    reader.space()
    user = reader.astring()
    reader.space()
    password = reader.astring()
    reader.end()
    _offered(state, "PLAIN")
    return _opened(state, tag, "PLAIN", b"\0%b\0%b" % (user, password))


def authenticate(state: State, reader: Reader, tag: bytes) -> Sequence[Action]:
    """AUTHENTICATE, with or without an initial response."""
    reader.space()
    mechanism = reader.word()
    initial = reader.rest() if reader.take(b" ") else None
    reader.end()
    _offered(state, mechanism)
    if initial is not None:
        return _opened(state, tag, mechanism, b"" if initial == b"=" else _decoded(initial))
    state.waits = lambda unit: _answered(state, unit, tag, mechanism)
    return [Send(b"+ \r\n")]


def _offered(state: State, mechanism: str) -> None:
    """Raises :class:`No` before a secret travels in vain."""
    offered = state.house.authenticator.mechanisms(state.link, state.house.listener)
    if mechanism in offered:
        return
    if state.link.tls is None and state.house.starttls:
        raise No("STARTTLS first: no secret travels in clear text", "PRIVACYREQUIRED")
    raise No(f"{mechanism} is not offered here; {' '.join(offered) or 'nothing'} is", "CANNOT")


def _answered(state: State, unit: Command, tag: bytes, mechanism: str) -> Sequence[Action]:
    line = unit.parts[0]
    if line == b"*":
        return [Send(said(tag, "BAD", "authentication cancelled"))]
    try:
        response = _decoded(line)
    except Bad as bad:
        return [Send(said(tag, "BAD", bad.text))]
    return _opened(state, tag, mechanism, response)


def _opened(state: State, tag: bytes, mechanism: str, response: bytes) -> Sequence[Action]:
    house = state.house
    outcome = house.authenticator.check(mechanism, response, state.link, house.listener)
    if isinstance(outcome, Refused):
        return _refused(state, tag, outcome)
    _enter(state, outcome)
    said_open = said(tag, "OK", f"{outcome.address} is open", f"CAPABILITY {capabilities(state)}")
    return [Send(said_open), Expect("messages")]


def _enter(state: State, access: Access) -> None:
    """A mailbox that has at most its INBOX gets the usual folders. Raises ``WorldGone``."""
    runtime = state.house.runtime
    epoch = runtime.worlds.get(access.world).epoch
    with runtime.store.read(access.world) as tx:
        bare = len(folders.every(tx, access.address)) <= 1
    if bare:
        with runtime.store.write(access.world, epoch) as tx:
            folders.create_defaults(tx, access.address)
    state.access, state.epoch = access, epoch


def _refused(state: State, tag: bytes, refused: Refused) -> Sequence[Action]:
    no = said(tag, "NO", refused.text, refused.code)
    challenge = [Send(b"+ %b\r\n" % base64.b64encode(refused.challenge))] if refused.challenge else []
    if refused.abrupt:
        return [*challenge, Close()]
    if not challenge:
        return [Send(no)]
    state.waits = lambda unit: [Send(no)]
    return challenge


def _decoded(text: bytes) -> bytes:
    """Raises :class:`Bad`."""
    if len(text) > _LONGEST_RESPONSE:
        raise Bad("SASL response too long")
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise Bad("the SASL response is no base64") from None
