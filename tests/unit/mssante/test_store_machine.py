"""The mail store against a model: mailboxes, folders, messages, numbers, quota; on both databases, with two worlds."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from simulators.core.store import Store
from simulators.core.store.api import Tx
from simulators.core.world import Worlds
from simulators.mssante import folders, mailboxes, messages
from simulators.mssante.folders import BadFolderName, FolderExists, NoSuchFolder
from simulators.mssante.mailboxes import Kind, OverQuota
from tests.support.dump import dump

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
BOXES = ("a@x.mssante.test", "b@x.mssante.test")
NAMES = st.sampled_from(["INBOX", "inbox", "Un", "Un/Deux", "Un/Deux/Trois", "Été", "Sent", "Un/", "//", "%", ""])
FLAGS = st.sets(st.sampled_from(["\\Seen", "\\Deleted", "\\seen", "$MDNSent", "$mdnsent", "Priorit"]), max_size=3)
DATA = st.binary(min_size=1, max_size=60)
NUMBERS = count()


@dataclass
class Model:
    """One folder as it must be. ``history`` are all UIDs ever given."""

    number: int
    mails: dict[int, tuple[bytes, set[str]]] = field(default_factory=dict)
    history: list[int] = field(default_factory=list)
    gone: set[int] = field(default_factory=set)
    modseq: int = 1


def lower(flags: object) -> set[str]:
    return {str(flag).lower() for flag in flags}  # type: ignore[attr-defined]


class MailStore(RuleBasedStateMachine):
    def __init__(self, store: Store) -> None:
        super().__init__()
        number = next(NUMBERS)
        self.store, self.name, other = store, f"m-{number}", f"n-{number}"
        worlds = Worlds(store, lambda: NOW)
        for world in (self.name, other):
            worlds.create(world)
            with store.write(world) as tx:
                for address in BOXES:
                    mailboxes.create(tx, address.upper(), Kind.PER, created=NOW)
                    folders.create_defaults(tx, address)
        self.other, self.before = other, dump(store, other)
        self.quota: dict[str, int | None] = dict.fromkeys(BOXES)
        self.models: dict[tuple[str, str], Model] = {}
        with store.read(self.name) as tx:
            for address in BOXES:
                for folder in folders.every(tx, address):
                    self.models[address, folder.name] = Model(folder.folder)

    def used(self, address: str) -> int:
        return sum(len(d) for (a, _), m in self.models.items() if a == address for d, _ in m.mails.values())

    def full(self, address: str, more: int) -> bool:
        quota = self.quota[address]
        return quota is not None and more > 0 and self.used(address) + more > quota

    # --- messages

    @rule(address=st.sampled_from(BOXES), name=NAMES, data=DATA, flags=FLAGS)
    def append(self, address: str, name: str, data: bytes, flags: set[str]) -> None:
        model = self.models.get((address, folders.canonical(name)))
        expected = None if model is None else OverQuota if self.full(address, len(data)) else model
        try:
            with self.store.write(self.name) as tx:
                folder = folders.get(tx, address, name)
                uid = messages.append(tx, folder.folder, data, received=NOW, flags=flags)
        except (NoSuchFolder, OverQuota) as refused:
            assert expected is None or expected is type(refused)
            return
        assert model is not None and expected is model
        assert not model.history or uid > model.history[-1], "UIDs ascend and are never given twice"
        model.history.append(uid)
        model.mails[uid] = (data, lower(flags))

    def some(self, data: st.DataObject, model: Model) -> list[int]:
        known = sorted({*model.history, 999})
        return data.draw(st.lists(st.sampled_from(known), unique=True, max_size=5), label="uids")

    @rule(data=st.data(), how=st.sampled_from(["set", "add", "remove"]), flags=FLAGS)
    def set_flags(self, data: st.DataObject, how: str, flags: set[str]) -> None:
        model = self.models[data.draw(st.sampled_from(sorted(self.models)))]
        wanted, since = self.some(data, model), data.draw(st.none() | st.integers(0, model.modseq + 1))
        with self.store.write(self.name) as tx:
            known = {m.uid: m.modseq for m in messages.listing(tx, model.number)}
            after, kept = messages.set_flags(tx, model.number, wanted, how, flags, since)  # type: ignore[arg-type]
        there = [uid for uid in sorted(wanted) if uid in model.mails]
        assert kept == [uid for uid in there if since is not None and known[uid] > since]
        assert [m.uid for m in after] == [uid for uid in there if uid not in kept]
        for message in after:
            octets, old = model.mails[message.uid]
            new = {"set": lower(flags), "add": old | lower(flags), "remove": old - lower(flags)}[how]
            model.mails[message.uid] = (octets, new)
            assert (message.modseq > known[message.uid]) == (new != old)

    @rule(data=st.data())
    def expunge(self, data: st.DataObject) -> None:
        model = self.models[data.draw(st.sampled_from(sorted(self.models)))]
        wanted = self.some(data, model)
        with self.store.write(self.name) as tx:
            gone = messages.expunge(tx, model.number, wanted)
        self.forget(model, gone)
        assert gone == [uid for uid in sorted(wanted) if uid in gone]

    @rule(data=st.data(), among=st.booleans())
    def expunge_deleted(self, data: st.DataObject, among: bool) -> None:
        model = self.models[data.draw(st.sampled_from(sorted(self.models)))]
        wanted = self.some(data, model) if among else None
        with self.store.write(self.name) as tx:
            gone = messages.expunge_deleted(tx, model.number, wanted)
        marked = [uid for uid, (_, flags) in sorted(model.mails.items()) if "\\deleted" in flags]
        assert gone == [uid for uid in marked if wanted is None or uid in wanted]
        self.forget(model, gone)

    @rule(data=st.data(), moving=st.booleans())
    def carry(self, data: st.DataObject, moving: bool) -> None:
        here, there = (data.draw(st.sampled_from(sorted(self.models))) for _ in range(2))
        source, target = self.models[here], self.models[there]
        wanted = [uid for uid in self.some(data, source) if uid in source.mails]
        size = sum(len(source.mails[uid][0]) for uid in wanted)
        within = moving and here[0] == there[0]
        try:
            with self.store.write(self.name) as tx:
                carry = messages.move if moving else messages.copy
                pairs = carry(tx, source.number, wanted, target.number)
        except OverQuota:
            assert self.full(there[0], size) and not within
            return
        assert within or not self.full(there[0], size)
        assert [old for old, _ in pairs] == sorted(wanted)
        for old, new in pairs:
            assert not target.history or new > target.history[-1]
            target.history.append(new)
            target.mails[new] = source.mails[old]
        if moving:
            self.forget(source, [old for old, _ in pairs])

    def forget(self, model: Model, gone: list[int]) -> None:
        for uid in gone:
            del model.mails[uid]
        model.gone |= set(gone)

    # --- folders

    @rule(address=st.sampled_from(BOXES), name=NAMES)
    def create(self, address: str, name: str) -> None:
        try:
            with self.store.write(self.name) as tx:
                made = folders.create(tx, address, name)
                everything = {f.name: f.folder for f in folders.every(tx, address)}
        except FolderExists:
            assert (address, folders.checked(name)) in self.models
            return
        except BadFolderName:
            assert name in ("//", "%", "")
            return
        assert (address, made.name) not in self.models
        for known, number in everything.items():
            self.models.setdefault((address, known), Model(number))

    @rule(address=st.sampled_from(BOXES), name=NAMES)
    def delete(self, address: str, name: str) -> None:
        key = (address, folders.canonical(name))
        try:
            with self.store.write(self.name) as tx:
                messages.delete_folder(tx, folders.get(tx, address, name))
        except NoSuchFolder:
            assert key not in self.models
            return
        except BadFolderName:
            assert key[1] == "INBOX"
            return
        del self.models[key]

    @rule(address=st.sampled_from(BOXES), old=NAMES, new=NAMES)
    @precondition(lambda self: len(self.models) < 40)
    def rename(self, address: str, old: str, new: str) -> None:
        if folders.canonical(old) == "INBOX":
            return  # the commands move its messages instead
        try:
            with self.store.write(self.name) as tx:
                folders.rename(tx, address, old, new)
                after = {f.folder: f.name for f in folders.every(tx, address)}
        except (NoSuchFolder, FolderExists, BadFolderName):
            return  # the invariants see that nothing changed
        kept = {m.number: m for (a, _), m in self.models.items() if a == address}
        assert kept.keys() <= after.keys()
        self.models = {k: m for k, m in self.models.items() if k[0] != address}
        for number, name in after.items():
            self.models[address, name] = kept.get(number, Model(number))

    @rule(address=st.sampled_from(BOXES), quota=st.none() | st.integers(0, 200))
    def set_quota(self, address: str, quota: int | None) -> None:
        self.quota[address] = quota
        with self.store.write(self.name) as tx:
            mailboxes.set_quota(tx, address.upper(), quota)

    # --- what must always hold

    @invariant()
    def the_store_is_the_model(self) -> None:
        with self.store.read(self.name) as tx:
            for address in BOXES:
                assert mailboxes.get(tx, address).used_bytes == self.used(address)
                names = {folder.name for folder in folders.every(tx, address)}
                assert names == {name for a, name in self.models if a == address}
            for (address, name), model in self.models.items():
                self.same(tx, folders.get(tx, address, name), model)

    def same(self, tx: Tx, folder: folders.Folder, model: Model) -> None:
        assert folder.folder == model.number
        assert folder.modseq >= model.modseq, "modification sequences never go back"
        listed = messages.listing(tx, folder.folder)
        assert {m.uid: (messages.content(tx, m), lower(m.flags)) for m in listed} == model.mails
        assert messages.uids(tx, folder.folder) == tuple(sorted(model.mails))
        assert folder.uid_next > max(model.history, default=0)
        assert set(messages.expunged_since(tx, folder.folder, 0)) == model.gone
        assert [m.uid for m in messages.changed_since(tx, folder.folder, folder.modseq)] == []
        counts = messages.counts(tx, folder.folder)
        assert counts.messages == len(model.mails)
        assert counts.unseen == sum("\\seen" not in flags for _, flags in model.mails.values())
        assert counts.size == sum(len(octets) for octets, _ in model.mails.values())
        model.modseq = folder.modseq

    def teardown(self) -> None:
        assert dump(self.store, self.other) == self.before, "another world was touched"


def test_the_store_is_the_model(either_store: Store) -> None:
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        lambda: MailStore(either_store),
        settings=settings(
            max_examples=25,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        ),
    )
