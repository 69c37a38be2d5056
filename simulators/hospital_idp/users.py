"""Who can sign in: the professionals of the world's hospitals, and accounts made for the purpose.

A professional has an account without a row; a row is written once somebody changes or uses the account.
"""

from __future__ import annotations

import json
import re
import unicodedata
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Self

from sqlalchemy import Column, Text

from simulators.core.store.api import Tx
from simulators.core.store.schema import world_table
from simulators.hospital_idp import records
from simulators.population import registry
from simulators.population.identifiers import is_valid_rpps
from simulators.population.model import Professional

DOMAIN: Final = "chu.test"
SECTORS: Final = frozenset({"SA01", "SA02", "SA03", "SA04"})
"""Sectors of activity of hospitals (TRE_R02)."""
GROUPS: Final = {"10": "medecins", "21": "pharmaciens", "50": "sages-femmes", "60": "infirmiers"}
"""By profession (TRE_G15)."""
OTHERS: Final = "soignants"
STAFF: Final = "secretaires"
ADMINS: Final = "admins"
_LOGIN: Final = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,38}[a-z0-9])?", re.ASCII)
_users = world_table(
    "idp_users",
    Column("key", Text),
    Column("login", Text, nullable=False),
    Column("data", Text, nullable=False),
    key=("key",),
)


@dataclass(frozen=True)
class User:
    """One account. ``key`` never changes: the PS_IdNat of a professional, else the first login; ``rpps`` is empty for
    those who have none."""

    key: str
    login: str
    family: str
    given: str
    mail: str = ""
    rpps: str = ""
    groups: tuple[str, ...] = ()
    disabled: bool = False

    @property
    def name(self) -> str:
        return f"{self.given} {self.family}".strip()

    def subject(self, provider: str) -> str:
        """``sub``: the same person has another one at each provider, and keeps it from run to run."""
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"urn:segur-sandbox:{provider}:{self.key}"))

    def to_json(self) -> dict[str, Any]:
        return records.to_json(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Raises ``ValueError`` on an unknown field, a wrong type or a value that can never work."""
        user = records.build(cls, data)
        if not _LOGIN.fullmatch(user.login):
            raise ValueError(f"login: expected lower-case letters, digits and . _ - (at most 40), found {user.login!r}")
        if user.rpps and not is_valid_rpps(user.rpps):
            raise ValueError(f"rpps: expected 11 digits with their key, found {user.rpps!r}")
        if any(not group or any(c <= " " for c in group) for group in user.groups):
            raise ValueError("groups: expected names without blanks")
        if not user.family or any(len(text) > 100 for text in (user.family, user.given, user.mail)):
            raise ValueError("family, given, mail: expected a family name, and at most 100 characters each")
        return user


def new_user(data: Mapping[str, Any]) -> User:
    """An account from what a form or the control API gives; the mail is made up when absent. Raises ``ValueError``."""
    login = str(data.get("login", ""))
    return User.from_json({"key": login, "mail": f"{login}@{DOMAIN}", "given": "", **data})


def find(tx: Tx, key: str) -> User | None:
    """The account of that key."""
    row = tx.get(_users, key=key) if key else None
    if row is not None:
        return records.build(User, json.loads(row.data))
    person = registry.professional(tx, key) if key else None
    return _derived(person) if person is not None and _in_hospital(person) else None


def named(tx: Tx, hint: str) -> User | None:
    """The account a ``login_hint`` means: login, mail, RPPS, PS_IdNat or reference name of the professional."""
    if not hint:
        return None
    row = next(iter(tx.find(_users, login=hint)), None)
    if row is not None:
        return records.build(User, json.loads(row.data))
    for key in (hint, f"8{hint}"):
        found = find(tx, key)
        if found is not None:
            return found
    slugs = {person.slug: person.ps_idnat.value for person in registry.professionals(tx)}
    wanted = slugs.get(hint, hint)
    return next((user for user in every(tx) if wanted in {user.key, user.login, user.mail, user.rpps}), None)


def every(tx: Tx) -> list[User]:
    """Every account, by login; two homonyms are told apart by a number."""
    kept = {row.key: records.build(User, json.loads(row.data)) for row in tx.find(_users)}
    taken = {user.login for user in kept.values()}
    people = (p for p in registry.professionals(tx) if p.ps_idnat.value not in kept and _in_hospital(p))
    return sorted([*kept.values(), *_numbered(people, taken)], key=lambda user: user.login)


def save(tx: Tx, user: User) -> None:
    """Registers or replaces. Raises ``ValueError`` when another account has that login."""
    other = next((row.key for row in tx.find(_users, login=user.login) if row.key != user.key), None)
    if other is not None:
        raise ValueError(f"login {user.login} is that of another account")
    tx.put(_users, key=user.key, login=user.login, data=records.dump(user))


def settle(tx: Tx, user: User) -> User:
    """The account as it is from now on: one that is used keeps its login whoever joins the hospital later."""
    tx.add(_users, key=user.key, login=user.login, data=records.dump(user))
    return user


def remove(tx: Tx, key: str) -> bool:
    """Forgets a row; a professional's account is then as at first. Says whether there was one."""
    return tx.delete(_users, key=key) > 0


def _in_hospital(person: Professional) -> bool:
    return any(activity.sector in SECTORS for activity in person.activities)


def _derived(person: Professional) -> User:
    login = _login(person)
    professions = [activity.profession.code for activity in person.activities]
    default = OTHERS if person.rpps is not None else STAFF
    groups = tuple(dict.fromkeys(GROUPS.get(code, default) for code in professions))
    rpps = person.rpps.value if person.rpps is not None else ""
    return User(person.ps_idnat.value, login, person.family, person.given, f"{login}@{DOMAIN}", rpps, groups)


def _login(person: Professional) -> str:
    """First letter of the given name, then the family name, as hospitals do."""
    made = _plain(person.given)[:1] + _plain(person.family.partition(" ")[0])
    return made[:36] or f"u{re.sub('[^0-9]', '', person.ps_idnat.value)}"


def _plain(name: str) -> str:
    letters = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]", "", letters)


def _numbered(people: Iterable[Professional], taken: set[str]) -> Iterator[User]:
    for person in people:
        user, number = _derived(person), 1
        login = user.login
        while login in taken:
            number += 1
            login = f"{user.login}{number}"
        taken.add(login)
        yield replace(user, login=login, mail=f"{login}@{DOMAIN}")
