"""What is given with a command: plain texts by name, checked before anything happens."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from simulators.identity_repository.errors import CommandRefused
from simulators.identity_repository.model import Record
from simulators.population.pam import names

Asked = Mapping[str, str]

TRAITS: Final = ("family", "given", "given_list", "used_name", "birth_date", "sex", "birth_place")
CONTACTS: Final = ("line", "postal_code", "city", "phone", "mail")
PROOF: Final = ("ins", "ins_oid", "status", "obtained_by", "proof")
DMP: Final = ("dmp_status", "dmp_closed")
TEMPLATES: Final = {
    "consents": ("INO", "IC"),
    "refuses-consulting": ("INO", "INC"),
    "refuses-both": ("IO", "INC"),
    "consulting-not-asked": ("INO", "NA"),
    "not-asked": ("NA", "NA"),
}
"""The five combinations of the published PAM samples (facts pfi §7.4), as ZFA-9 and ZFA-11."""
_LISTS: Final[Mapping[str, tuple[str, ...]]] = {
    "sex": names.SEXES,
    "status": names.STATUSES,
    "dmp_status": names.DMP_STATES,
    "feed": names.FEED,
    "consult": names.CONSULT,
    "answers": tuple(TEMPLATES),
    "class": names.CLASSES,
    "obtained_by": names.OBTAINED_BY,
    "proof": names.PROOFS,
    "by": ("A31", "Z99"),
    "ins_oid": tuple(names.INS_AUTHORITIES),
}
_SHAPES: Final = {
    "birth_date": (re.compile(r"\d{8}"), "YYYYMMDD"),
    "dmp_closed": (re.compile(r"\d{8}"), "YYYYMMDD"),
    "ins": (re.compile(r"[0-9AB]{15}"), "15 characters"),
    "ipp": (re.compile(r"[0-9A-Za-z._-]{1,20}"), "at most 20 letters and digits"),
    "unit": (re.compile(r"[0-9A-Za-z._-]{1,20}"), "at most 20 letters and digits"),
}
_LONGEST: Final = 200


def checked(asked: Asked) -> Asked:
    """The same, once every value is one that PAM France knows. Raises :class:`CommandRefused`: a wrong value is sent by
    ``break``, not by a field."""
    for name, value in asked.items():
        allowed, shape = _LISTS.get(name), _SHAPES.get(name)
        if value and allowed is not None and value not in allowed:
            raise CommandRefused(f"{name}: expected {', '.join(allowed)}, found {value!r}")
        if value and shape is not None and not shape[0].fullmatch(value):
            raise CommandRefused(f"{name}: expected {shape[1]}, found {value!r}")
        if len(value) > _LONGEST or not value.isprintable():
            raise CommandRefused(f"{name}: at most {_LONGEST} printable characters")
    return asked


def described(record: Record, asked: Asked, *fields: str) -> Record:
    """The identity with these fields as asked; what is not given stays."""
    return replace(record, **{name: asked[name] for name in fields if name in asked})  # type: ignore[arg-type]


def answered(record: Record, asked: Asked, now: str) -> Record:
    """The identity with the answers given, each with the instant it was collected; NA takes an answer back."""
    feed, consult = TEMPLATES.get(asked.get("answers", ""), ("", ""))
    feed, consult = asked.get("feed") or feed, asked.get("consult") or consult
    if feed:
        record = replace(record, feed=feed, feed_at="" if feed == names.NOT_ASKED else now)
    if consult:
        record = replace(record, consult=consult, consult_at="" if consult == names.NOT_ASKED else now)
    return record
