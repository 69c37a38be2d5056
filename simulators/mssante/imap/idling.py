"""News of the open folder, at the end of a command and during IDLE.

Source: RFC 2177; RFC 3501 §5.2.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from simulators.core.listeners.session import Action, Send
from simulators.mssante.folders import SYSTEM_FLAGS
from simulators.mssante.imap import selected
from simulators.mssante.imap.errors import Bye
from simulators.mssante.imap.runner import same_life
from simulators.mssante.imap.state import State
from simulators.mssante.imap.wire import news_lines, untagged


def news(state: State, *, expunges: bool) -> Iterator[bytes]:
    """Untagged lines for what changed in the open folder. Raises :class:`Bye` when it was deleted."""
    view, access = state.folder, state.opened
    store = state.house.runtime.store
    with store.read(access.world) as tx:
        same_life(state, tx)
        found = selected.news(tx, view, expunges=expunges)
    if found.gone:
        raise Bye("the folder was deleted by another session")
    if found.unclaimed and not view.read_only:
        with store.write(access.world, state.epoch) as tx:
            selected.claim_recent(tx, view)
    return news_lines(view, found, SYSTEM_FLAGS, uid=state.condstore, modseq=state.condstore)


def told(state: State) -> Sequence[Action]:
    """What an idling client hears when it is woken."""
    if state.selected is None:
        return []
    octets = b"".join(untagged(line) for line in news(state, expunges=True))
    return [Send(octets)] if octets else []


def enter(state: State, tag: bytes) -> None:
    """From now on the session is woken."""
    state.idle_tag = tag
    state.unload()
    if state.selected is not None:
        state.house.alarm.listen(state.opened.world, state.selected.number, id(state), state.link.wake)


def leave(state: State) -> None:
    """No more; also for a session that never idled."""
    state.idle_tag = None
    if state.access is not None:
        state.house.alarm.forget(state.access.world, id(state))
