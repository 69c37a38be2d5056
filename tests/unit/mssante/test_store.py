"""Mailboxes and folders where the state machine does not go: states, defaults, several writers, resets."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import pytest

from simulators.core.store import Store
from simulators.core.world import Worlds
from simulators.mssante import folders, mailboxes, messages
from simulators.mssante.mailboxes import Kind, NoSuchMailbox, State

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
WHO = "Labo@CH-A.mssante.test"


def opened(store: Store, world: str = "w") -> Worlds:
    worlds = Worlds(store, lambda: NOW)
    worlds.create(world)
    with store.write(world) as tx:
        assert mailboxes.create(tx, WHO, Kind.APP, created=NOW, owners=["1B0000012"], label="Labo")
        folders.create_defaults(tx, WHO)
    return worlds


def test_a_mailbox_is_opened_once_and_found_in_any_case(either_store: Store) -> None:
    opened(either_store)
    with either_store.write("w") as tx:
        assert not mailboxes.create(tx, WHO.lower(), Kind.PER, created=NOW)
        mailbox = mailboxes.get(tx, WHO.upper())
        assert (mailbox.kind, mailbox.state, mailbox.owners, mailbox.created) == (
            Kind.APP,
            State.OPEN,
            ("1B0000012",),
            NOW,
        )
        assert mailboxes.owned_by(tx, "1B0000012") == mailboxes.every(tx) == [mailbox]
        mailboxes.set_state(tx, WHO, State.SUSPENDED)
        mailboxes.set_unlisted(tx, WHO, True)
        mailboxes.set_owners(tx, WHO, [])
        changed = mailboxes.get(tx, WHO)
        assert (changed.state, changed.unlisted, changed.owners) == (State.SUSPENDED, True, ())
        with pytest.raises(NoSuchMailbox):
            mailboxes.set_state(tx, "absent@x.mssante.test", State.CLOSED)


def test_default_folders_are_made_once(either_store: Store) -> None:
    opened(either_store)
    with either_store.write("w") as tx:
        before = folders.every(tx, WHO)
        folders.create_defaults(tx, WHO)
        assert folders.every(tx, WHO) == before
    assert {f.name: f.special_use for f in before} == dict(folders.DEFAULTS)
    with either_store.read("w") as tx:
        assert folders.subscribed(tx, WHO) == ["Drafts", "INBOX", "Junk", "Sent", "Trash"]
        assert folders.find(tx, WHO, "inbox") == before[0]


def test_uids_ascend_whoever_writes(either_store: Store) -> None:
    opened(either_store)
    with either_store.read("w") as tx:
        inbox = folders.get(tx, WHO, "INBOX").folder
    given: list[list[int]] = [[] for _ in range(4)]

    def deliver(mine: list[int]) -> None:
        for _ in range(15):
            with either_store.write("w") as tx:
                mine.append(messages.append(tx, inbox, b"x", received=NOW))

    threads = [threading.Thread(target=deliver, args=(mine,)) for mine in given]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(uid for mine in given for uid in mine) == list(range(1, 61))
    assert all(mine == sorted(mine) for mine in given)


def test_what_is_rolled_back_takes_no_uid(either_store: Store) -> None:
    opened(either_store)
    with pytest.raises(ZeroDivisionError), either_store.write("w") as tx:
        messages.append(tx, folders.get(tx, WHO, "INBOX").folder, b"x", received=NOW)
        raise ZeroDivisionError
    with either_store.write("w") as tx:
        assert messages.append(tx, folders.get(tx, WHO, "INBOX").folder, b"x", received=NOW) == 1


def test_a_reset_gives_uids_out_again_under_another_validity(either_store: Store) -> None:
    worlds = opened(either_store)
    worlds.snapshot("w", "before")
    with either_store.write("w") as tx:
        first = folders.validity(tx, folders.get(tx, WHO, "INBOX"))
        messages.append(tx, folders.get(tx, WHO, "INBOX").folder, b"x", received=NOW)
    worlds.restore("w", "before")
    with either_store.read("w") as tx:
        inbox = folders.get(tx, WHO, "INBOX")
        assert (inbox.uid_next, messages.uids(tx, inbox.folder)) == (1, ())
        assert folders.validity(tx, inbox) > first


def test_a_folder_made_again_has_another_validity(either_store: Store) -> None:
    opened(either_store)
    with either_store.write("w") as tx:
        first = folders.create(tx, WHO, "Un")
        before = folders.validity(tx, first)
        messages.delete_folder(tx, first)
        assert folders.validity(tx, folders.create(tx, WHO, "Un")) > before


def test_writers_ring_the_folder_and_the_world(memory_store: Store) -> None:
    opened(memory_store)
    with memory_store.read("w") as tx:
        inbox = folders.get(tx, WHO, "INBOX").folder
    names = (folders.channel("w", inbox), folders.any_channel("w"))
    before = [memory_store.bell.count(name) for name in names]
    with memory_store.write("w") as tx:
        uid = messages.append(tx, inbox, b"x", received=NOW)
    with memory_store.write("w") as tx:
        messages.set_flags(tx, inbox, [uid], "add", ["\\Seen"])
        messages.set_flags(tx, inbox, [uid], "add", ["\\Seen"])
    assert [memory_store.bell.count(name) - old for name, old in zip(names, before, strict=True)] == [2, 2]


def test_thousands_at_once(either_store: Store) -> None:
    opened(either_store)
    with either_store.write("w") as tx:
        inbox, trash = (folders.get(tx, WHO, name).folder for name in ("INBOX", "Trash"))
        for number in range(1_201):
            messages.append(tx, inbox, b"%d" % number, received=NOW)
    with either_store.write("w") as tx:
        uids = messages.uids(tx, inbox)
        assert len(messages.some(tx, inbox, uids)) == 1_201
        assert len(messages.move(tx, inbox, uids, trash)) == 1_201
        assert messages.uids(tx, inbox) == () and len(messages.uids(tx, trash)) == 1_201
        assert len(messages.expunge(tx, trash, messages.uids(tx, trash))) == 1_201
        assert mailboxes.get(tx, WHO).used_bytes == 0
