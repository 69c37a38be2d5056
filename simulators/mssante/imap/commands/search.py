"""SEARCH.

Source: RFC 3501 §6.4.4, §7.2.5; RFC 7162 §3.1.5 (MODSEQ).
"""

from __future__ import annotations

from simulators.core.store.api import Tx
from simulators.mssante import messages
from simulators.mssante.imap.errors import No
from simulators.mssante.imap.reader import Reader
from simulators.mssante.imap.search_keys import Candidate, search_program
from simulators.mssante.imap.state import Perform, Reply, State

_CHARSETS = {b"UTF-8", b"US-ASCII"}


def search(state: State, reader: Reader, uid: bool) -> Perform:
    """SEARCH."""
    reader.space()
    if reader.take_word("CHARSET"):
        reader.space()
        if reader.astring().upper() not in _CHARSETS:
            raise No("SEARCH reads UTF-8 and US-ASCII", "BADCHARSET (UTF-8 US-ASCII)")
        reader.space()
    program, by_modseq = search_program(reader)

    def perform(state: State, tx: Tx, may_write: bool) -> Reply:
        view = state.folder
        state.condstore = state.condstore or by_modseq
        found = []
        for message in messages.listing(tx, view.number):
            number = view.position(message.uid)
            if number is not None and program(Candidate(state, tx, message, number)):
                found.append((message, number))
        shown = " ".join(str(message.uid if uid else number) for message, number in found)
        highest = max((message.modseq for message, _ in found), default=0)
        tail = f" (MODSEQ {highest})" if by_modseq and found else ""
        return Reply("done", lines=[f"SEARCH{' ' if shown else ''}{shown}{tail}".encode()])

    return perform
