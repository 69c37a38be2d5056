"""GETQUOTA, GETQUOTAROOT, SETQUOTA.

Source: RFC 9208 (STORAGE counts units of 1024 octets).
"""

from __future__ import annotations

from simulators.core.store.api import Tx
from simulators.mssante import folders, mailboxes
from simulators.mssante.imap.commands.folders import one_name
from simulators.mssante.imap.errors import No
from simulators.mssante.imap.names import encoded
from simulators.mssante.imap.reader import Reader
from simulators.mssante.imap.state import Perform, Reply, State
from simulators.mssante.mime.strings import quoted_or_literal

_ROOT = b'"BAL"'
_UNIT = 1024


def getquota(state: State, reader: Reader, uid: bool) -> Perform:
    """GETQUOTA of the one root."""
    root = one_name(reader)

    def perform(state: State, tx: Tx, may_write: bool) -> Reply:
        if root != "BAL":
            raise No("the quota root is BAL", "NONEXISTENT")
        return Reply("done", lines=[_quota(tx, state)])

    return perform


def getquotaroot(state: State, reader: Reader, uid: bool) -> Perform:
    """GETQUOTAROOT of a folder."""
    name = one_name(reader)

    def perform(state: State, tx: Tx, may_write: bool) -> Reply:
        folder = folders.get(tx, state.opened.address, name)
        root = b"QUOTAROOT %b %b" % (quoted_or_literal(encoded(folder.name)), _ROOT)
        return Reply("done", lines=[root, _quota(tx, state)])

    return perform


def setquota(state: State, reader: Reader, uid: bool) -> Perform:
    """SETQUOTA: the operator decides, not the client."""
    one_name(reader)
    reader.space()
    reader.need(b"(")
    while not reader.take(b")"):
        reader.word()
        reader.space()
        reader.number()
        reader.take(b" ")

    def perform(state: State, tx: Tx, may_write: bool) -> Reply:
        raise No("the operator sets the quota", "NOPERM")

    return perform


def _quota(tx: Tx, state: State) -> bytes:
    mailbox = mailboxes.get(tx, state.opened.address)
    if mailbox.quota_bytes is None:
        return b"QUOTA %b ()" % _ROOT
    used = -(-mailbox.used_bytes // _UNIT)
    return b"QUOTA %b (STORAGE %d %d)" % (_ROOT, used, mailbox.quota_bytes // _UNIT)
