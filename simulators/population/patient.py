"""A patient as a value, with the plain-JSON form."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal, Self

from simulators.population.idnat import PsIdNat
from simulators.population.ins import Ins
from simulators.population.json_form import (
    Json,
    ins_from_json,
    ins_to_json,
    kept_as_received,
    present,
    ps_idnats,
    require_valid,
    said_if_kept,
)

Sex = Literal["M", "F"]
DmpState = Literal["active", "closed", "none"]

_PLAIN = (
    *("slug", "birth_name", "used_name", "sex", "birth_place", "phone", "email"),
    *("dmp_state", "dmp_closing_motive", "dmp_closing_reason", "internet_account", "attached_to_mes"),
    *("adopted", "as_received"),
)


@dataclass(frozen=True, slots=True)
class Address:
    """Postal address; ``country`` is a name or code as the product sends it, empty = France."""

    lines: tuple[str, ...]
    postal_code: str
    city: str
    country: str = ""

    def to_json(self) -> Json:
        return {"lines": list(self.lines), "postal_code": self.postal_code, "city": self.city, "country": self.country}

    @classmethod
    def from_json(cls, data: Json) -> Self:
        return cls(tuple(data["lines"]), data["postal_code"], data["city"], data.get("country", ""))


@dataclass(frozen=True, slots=True)
class Oppositions:
    """What the patient opposes (True = opposed).

    ``bris_de_glace`` and ``acces_urgence`` are the two DMP flags OPPOSITION_BRIS_DE_GLACE and OPPOSITION_ACCES_URGENCE
    (dmp §1.9); ``alimentation`` and ``consultation`` those told to the hospital (ZFA-9 ``IO``, ZFA-11 ``INC``).
    """

    bris_de_glace: bool = False
    acces_urgence: bool = False
    alimentation: bool = False
    consultation: bool = False

    def to_json(self) -> Json:
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def from_json(cls, data: Json) -> Self:
        return cls(**data)


@dataclass(frozen=True, slots=True)
class Patient:
    """A patient; ``birth_place`` is an INSEE code, ``guardians`` and the professionals are named by identifier.

    ``given_names`` holds the civil-status names in order, the first one first; ``used_name`` is the usage name, if any.
    ``dmp_closed_on``, ``dmp_closing_motive`` (code, e.g. FERMETURE_DEMANDE_PATIENT) and ``dmp_closing_reason`` (text)
    belong to a closed DMP only. Raises ``ValueError`` when they contradict ``dmp_state``, ``InvalidIdentifier``
    for a wrong identifier unless ``adopted`` or ``as_received``.
    """

    slug: str
    ins: Ins
    given_names: tuple[str, ...]
    birth_name: str
    sex: Sex
    birth_date: date
    birth_place: str
    used_name: str | None = None
    address: Address | None = None
    phone: str | None = None
    email: str | None = None
    guardians: tuple[Ins, ...] = ()
    dmp_state: DmpState = "none"
    dmp_closed_on: date | None = None
    dmp_closing_motive: str | None = None
    dmp_closing_reason: str | None = None
    oppositions: Oppositions = Oppositions()
    blocked_professionals: tuple[PsIdNat, ...] = ()
    treating_physicians: tuple[PsIdNat, ...] = ()
    internet_account: bool = False
    attached_to_mes: bool = False
    adopted: bool = False
    as_received: bool = False

    def __post_init__(self) -> None:
        if self.sex not in ("M", "F"):
            raise ValueError(f"patient {self.slug}: sex is M or F, not {self.sex!r}")
        if not self.given_names:
            raise ValueError(f"patient {self.slug}: at least one given name")
        if (self.dmp_state == "closed") != (self.dmp_closed_on is not None):
            raise ValueError(f"patient {self.slug}: a closing date goes with a closed DMP, and only with one")
        if self.dmp_state != "closed" and (self.dmp_closing_motive or self.dmp_closing_reason):
            raise ValueError(f"patient {self.slug}: a closing motive or reason goes with a closed DMP only")
        kept = self.adopted or self.as_received
        require_valid(kept, (ins.validity for ins in (self.ins, *self.guardians)))
        require_valid(kept, (ps.validity for ps in (*self.blocked_professionals, *self.treating_physicians)))

    @property
    def name(self) -> str:
        """Usage name, else birth name."""
        return self.used_name or self.birth_name

    def to_json(self) -> Json:
        """Plain JSON of this patient; dates as YYYY-MM-DD, absent values as null."""
        return {
            "slug": self.slug,
            "ins": ins_to_json(self.ins),
            "given_names": list(self.given_names),
            "birth_name": self.birth_name,
            "used_name": self.used_name,
            "sex": self.sex,
            "birth_date": self.birth_date.isoformat(),
            "birth_place": self.birth_place,
            "address": self.address.to_json() if self.address else None,
            "phone": self.phone,
            "email": self.email,
            "guardians": [ins_to_json(guardian) for guardian in self.guardians],
            "dmp_state": self.dmp_state,
            "dmp_closed_on": self.dmp_closed_on.isoformat() if self.dmp_closed_on else None,
            "dmp_closing_motive": self.dmp_closing_motive,
            "dmp_closing_reason": self.dmp_closing_reason,
            "oppositions": self.oppositions.to_json(),
            "blocked_professionals": [ps.value for ps in self.blocked_professionals],
            "treating_physicians": [ps.value for ps in self.treating_physicians],
            "internet_account": self.internet_account,
            "attached_to_mes": self.attached_to_mes,
            "adopted": self.adopted,
            **said_if_kept(self.as_received),
        }

    @classmethod
    def from_json(cls, data: Json) -> Self:
        """Inverse of ``to_json``; absent optional keys take defaults. Raises as the constructor, and ``KeyError``."""
        kept = kept_as_received(data)
        return cls(
            **present(data, _PLAIN),
            ins=ins_from_json(data["ins"], kept),
            given_names=tuple(data["given_names"]),
            birth_date=date.fromisoformat(data["birth_date"]),
            address=Address.from_json(data["address"]) if data.get("address") else None,
            guardians=tuple(ins_from_json(guardian, kept) for guardian in data.get("guardians", ())),
            dmp_closed_on=date.fromisoformat(data["dmp_closed_on"]) if data.get("dmp_closed_on") else None,
            oppositions=Oppositions.from_json(data.get("oppositions", {})),
            blocked_professionals=ps_idnats(data.get("blocked_professionals", ()), kept),
            treating_physicians=ps_idnats(data.get("treating_physicians", ()), kept),
        )
