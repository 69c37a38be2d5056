"""Addresses of the trust space, and the display names that go with them.

Source: facts mssante.md 1.3 (address forms, the expression published by ANS for the directory, citizen addresses,
training and test domains, ECO.2.2.7), 1.5.

Our own worlds use domains under :data:`FICTITIOUS_SUFFIX`. The top-level name ``test`` is reserved for ever (RFC 6761
section 6.2): no server of the public network can answer for it, so a mail written for the sandbox and sent by mistake
to a real operator goes nowhere. A product that insists on ``.mssante.fr`` may use the national training and test
domains, which are told apart here by ``Address.test``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self

from simulators.population.identifiers import Ins, Validity, is_valid_ins, known_sample

NATIONAL_SUFFIX: Final = "mssante.fr"
FICTITIOUS_SUFFIX: Final = "mssante.test"
APICRYPT: Final = "interop-mssante.apicrypt.org"
CITIZEN: Final = "patient.mssante.fr"
FICTITIOUS_CITIZEN: Final = "patient.mssante.test"
TEST_DOMAINS: Final = ("formation.mssante.fr", "test-ci-sis.mssante.fr")
"""National domains of training and interoperability tests; their sub-domains count too."""

_LONGEST, _LONGEST_LOCAL = 254, 64  # RFC 5321 section 4.5.3.1, erratum 1690 of RFC 3696
_LABEL = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
_ADDRESS = re.compile(rf"(?P<local>[^@\s<>\"(),:;\\\[\]]+)@(?P<domain>{_LABEL}(?:\.{_LABEL})+)")
_PERSONAL = re.compile(r"(?P<title>[^_]+)_(?P<given>[^_]+)_(?P<family>[^_]+)_(?P<entity>.+)")


class Family(StrEnum):
    """What kind of correspondent an address names."""

    PROFESSIONAL = "professional"
    APICRYPT = "apicrypt"
    CITIZEN = "citizen"
    OUTSIDE = "outside"


@dataclass(frozen=True, slots=True)
class Address:
    """One address; ``text`` is as written. ``domain`` is in lower case (white-list domains are compared so)."""

    text: str
    local: str
    domain: str
    family: Family

    @classmethod
    def read(cls, text: str) -> Self:
        """Never fails: what is no address at all, or of no domain of the trust space, is ``OUTSIDE``."""
        found = _ADDRESS.fullmatch(text) if len(text) <= _LONGEST else None
        if found is None or len(found["local"]) > _LONGEST_LOCAL:
            return cls(text, "", "", Family.OUTSIDE)
        domain = found["domain"].lower()
        return cls(text, found["local"], domain, family_of(domain))

    @property
    def wellformed(self) -> bool:
        """Whether this is an address at all, of whatever domain."""
        return bool(self.domain)

    @property
    def in_trust_space(self) -> bool:
        return self.family is not Family.OUTSIDE

    @property
    def key(self) -> str:
        """What two spellings of one mailbox share."""
        return f"{self.local.lower()}@{self.domain}" if self.domain else self.text.lower()

    @property
    def test(self) -> bool:
        """National training or test domain, or one of ours: nobody real can be behind it."""
        return self.fictitious or any(_under(self.domain, test) for test in TEST_DOMAINS)

    @property
    def fictitious(self) -> bool:
        """One of our own domains, which can never leave."""
        return _under(self.domain, FICTITIOUS_SUFFIX)

    @property
    def matricule(self) -> str:
        """The INS matricule of a citizen's address, else the empty string."""
        return self.local.upper() if self.family is Family.CITIZEN else ""

    @property
    def matricule_validity(self) -> Validity:
        """Verdict on the matricule of a citizen's address: 15 characters and the key."""
        return is_valid_ins(self.matricule)

    @property
    def sample(self) -> bool:
        """A citizen's address whose matricule is a published national sample: a wrong key is then only told."""
        return known_sample("ins", self.matricule) is not None

    def __str__(self) -> str:
        return self.text


def family_of(domain: str) -> Family:
    """The family of a domain name, whatever its case. ``mssante.fr`` itself holds no mailbox."""
    name = domain.lower()
    if name in (CITIZEN, FICTITIOUS_CITIZEN):
        return Family.CITIZEN
    if name == APICRYPT:
        return Family.APICRYPT
    national = name.endswith((f".{NATIONAL_SUFFIX}", f".{FICTITIOUS_SUFFIX}"))
    return Family.PROFESSIONAL if national else Family.OUTSIDE


def citizen_address(ins: Ins, domain: str = FICTITIOUS_CITIZEN) -> str:
    """The citizen's address of a person: the whole matricule, key included."""
    return f"{ins.matricule}@{domain}"


@dataclass(frozen=True, slots=True)
class PersonalName:
    """The display name of a personal mailbox, ``<title>_<given>_<FAMILY>_<entity>`` (ECO.2.2.7)."""

    title: str
    given: str
    family: str
    entity: str

    @classmethod
    def read(cls, text: str) -> Self | None:
        """The four fields, or None when ``text`` does not have them (that of a service is a plain label)."""
        found = _PERSONAL.fullmatch(text.strip())
        return cls(found["title"], found["given"], found["family"], found["entity"]) if found else None

    def __str__(self) -> str:
        parts = (self.title, self.given, self.family.upper(), self.entity)
        return "_".join(part.replace("_", " ") for part in parts[:3]) + f"_{self.entity}"


def _under(domain: str, suffix: str) -> bool:
    return domain == suffix or domain.endswith(f".{suffix}")
