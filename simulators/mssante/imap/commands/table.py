"""Every command, with what the dispatcher must know of it."""

from __future__ import annotations

from typing import Final

from simulators.mssante.imap.commands import (
    append,
    changing,
    fetch,
    folders,
    general,
    listing,
    login,
    quota,
    search,
    selecting,
)
from simulators.mssante.imap.commands.spec import Spec

_SPECS: Final = (
    Spec("CAPABILITY", "", direct=general.capability),
    Spec("NOOP", "", direct=general.noop),
    Spec("LOGOUT", "", direct=general.logout),
    Spec("ID", "", direct=general.identify),
    Spec("ENABLE", "mailbox", direct=general.enable),
    Spec("IDLE", "mailbox", direct=general.idle),
    Spec("STARTTLS", "nobody", direct=login.starttls),
    Spec("AUTHENTICATE", "nobody", direct=login.authenticate),
    Spec("LOGIN", "nobody", direct=login.login),
    Spec("SELECT", "mailbox", selecting.select),
    Spec("EXAMINE", "mailbox", selecting.examine),
    Spec("CHECK", "folder", selecting.check),
    Spec("CLOSE", "folder", selecting.close, loud=True),
    Spec("UNSELECT", "folder", selecting.unselect),
    Spec("CREATE", "mailbox", folders.create, loud=True),
    Spec("DELETE", "mailbox", folders.delete, loud=True),
    Spec("RENAME", "mailbox", folders.rename, loud=True),
    Spec("SUBSCRIBE", "mailbox", folders.subscribe, loud=True),
    Spec("UNSUBSCRIBE", "mailbox", folders.unsubscribe, loud=True),
    Spec("LIST", "mailbox", listing.list_),
    Spec("LSUB", "mailbox", listing.lsub),
    Spec("STATUS", "mailbox", listing.status),
    Spec("NAMESPACE", "mailbox", listing.namespace),
    Spec("GETQUOTA", "mailbox", quota.getquota),
    Spec("GETQUOTAROOT", "mailbox", quota.getquotaroot),
    Spec("SETQUOTA", "mailbox", quota.setquota),
    Spec("APPEND", "mailbox", append.append, loud=True),
    Spec("FETCH", "folder", fetch.fetch, expunges=False, uid=True),
    Spec("SEARCH", "folder", search.search, expunges=False, uid=True),
    Spec("STORE", "folder", changing.store, loud=True, expunges=False, uid=True),
    Spec("COPY", "folder", changing.copy, loud=True, uid=True),
    Spec("MOVE", "folder", changing.move, loud=True, uid=True),
    Spec("EXPUNGE", "folder", changing.expunge, loud=True, uid=True),
)
COMMANDS: Final = {spec.name: spec for spec in _SPECS}
