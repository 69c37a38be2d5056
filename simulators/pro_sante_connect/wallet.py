"""The wallet page: who signs in, and by which means. Plainly a simulation, without a PIN."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from simulators.core.exchange import Answer, Call
from simulators.core.rules import Finding
from simulators.population import registry
from simulators.population.codes import code_list
from simulators.population.model import Activity, Professional, Structure
from simulators.pro_sante_connect import clients, creating, sessions, web
from simulators.pro_sante_connect.clients import Client
from simulators.pro_sante_connect.model import PscRequest
from simulators.pro_sante_connect.names import CARD, MOBILE
from simulators.pro_sante_connect.rules.login import CHOICE
from simulators.pro_sante_connect.sessions import Login
from simulators.pro_sante_connect.settings import MEANS

DELEGATION: Final = "DELEGATION"
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"
SHOWN: Final = 50
"""Professionals on one page; the search finds the others."""


@dataclass(frozen=True)
class Practice:
    """One activity as a line of the page."""

    structure: str
    sector: str
    specialty: str


@dataclass(frozen=True)
class Entry:
    """One professional of the list."""

    id: str
    name: str
    order: tuple[str, str]
    professions: str
    practices: tuple[Practice, ...]


@dataclass(frozen=True)
class Problem:
    """What is wrong with one field, in the language of the page."""

    field: str
    said: str


def page(
    call: Call,
    login: Login,
    client: Client,
    given: Mapping[str, str] | None = None,
    *,
    problems: Iterable[Finding] = (),
    href: str = "",
    status: int = 200,
) -> Answer:
    """Where a person chooses who to be, creates a professional, or refuses.

    ``given`` is what the person chose so far: ``means``, ``q`` (search) and, after a refusal of it, the form of the new
    professional. ``href`` leads to the verdict on ``problems``.
    """
    given = given or {}
    lang = web.language(call, login.request.get("ui_locales", ""))
    means = given.get("means") or MEANS.text(call.world.policy)
    hint, words = login.request.get("login_hint", ""), given.get("q", "").strip()
    entries = sorted(_entries(call, words), key=lambda entry: (entry.id != hint, entry.order, entry.id))
    known = any(entry.id == hint for entry in entries)
    values: dict[str, Any] = {
        "client": client,
        "login": login,
        "back_at": _address(login.request.get("redirect_uri", "")),
        "links": _links(call, login, lang, means, words),
        "means": means if means in {CARD, MOBILE, DELEGATION} else CARD,
        "words": words,
        "entries": entries[:SHOWN],
        "more": len(entries[SHOWN:]),
        "chosen": hint if known else "",
        "typed": given if given.get("choice") == creating.NEW else {"identifier": "" if known or words else hint},
        "problems": [_problem(finding, lang) for finding in problems],
        "href": href,
        "lists": creating.lists(call),
    }
    leads_to = login.request.get("redirect_uri", "")
    return web.page(call, "wallet.html", status=status, leads_to=leads_to, lang=lang, **values)


def again(call: Call, request: PscRequest, href: str, status: int) -> Answer | None:
    """The page once more, with what is wrong in it; None when no sign-in is under way."""
    login = sessions.login(call.tx, request.params.get("login"))
    if login is None:
        return None
    client = clients.find(call.tx, login.client_id) or Client(login.client_id)
    problems = [finding for finding in call.verdict.refusing if finding.rule.id == CHOICE.id]
    return page(call, login, client, dict(request.params.pairs), problems=problems, href=href, status=status)


def profession(code: str) -> str:
    """The French label of a profession, or of a role that is none; the code itself when it has no label."""
    row = code_list("TRE_G15_ProfessionSante").get(code) or code_list("JDV_J65_SubjectRole_DMP").get(code)
    return row.display if row is not None else code


def name_of(someone: Professional) -> str:
    return " ".join(part for part in (someone.civility, someone.given, someone.family) if part)


def _entries(call: Call, words: str) -> Iterator[Entry]:
    structures = {found.struct_idnat.value: found for found in registry.structures(call.tx)}
    wanted = _plain(words).split()
    for someone in registry.professionals(call.tx):
        entry = _entry(someone, structures)
        whole = _plain(" ".join((entry.id, entry.name, entry.professions, *(p.structure for p in entry.practices))))
        if all(word in whole for word in wanted):
            yield entry


def _entry(someone: Professional, structures: Mapping[str, Structure]) -> Entry:
    professions = dict.fromkeys(profession(activity.profession.code) for activity in someone.activities)
    practices = tuple(_practice(activity, structures) for activity in someone.activities)
    order = (_plain(someone.family), _plain(someone.given))
    return Entry(someone.ps_idnat.value, name_of(someone), order, ", ".join(professions), practices)


def _practice(activity: Activity, structures: Mapping[str, Structure]) -> Practice:
    place = structures.get(activity.structure.value)
    name = f"{place.name} ({activity.structure.value})" if place is not None else activity.structure.value
    row = code_list("TRE_R02_SecteurActivite").get(activity.sector)
    sector = f"{activity.sector} {row.display}" if row is not None else activity.sector
    return Practice(name, sector, activity.specialty.code if activity.specialty else "")


def _links(call: Call, login: Login, lang: str, means: str, words: str) -> dict[str, str]:
    """The page in the other language, and its tabs; forms go to ``form``."""
    at = f"{web.here(call)}/login"
    now = {"login": login.id, "client_id": login.client_id, "lang": lang, "means": means, "q": words}

    def to(**changed: str) -> str:
        return f"{at}?{urlencode({name: value for name, value in (now | changed).items() if value})}"

    tabs = {tab: to(means=tab) for tab in (MOBILE, CARD, DELEGATION)}
    portal = f"{web.here(call)}/login-page?{urlencode({'lang': lang})}"
    other = "en" if lang == "fr" else "fr"
    return {
        **tabs,
        "other": to(lang=other),
        "all": to(q=""),
        "form": f"{at}?lang={lang}",
        "search": at,
        "portal": portal,
    }


def _problem(finding: Finding, lang: str) -> Problem:
    field = finding.where.partition(".")[2]
    text = creating.SAID.get(finding.expected, finding.rule.sentence)
    said, row = (text.fr if lang == "fr" else text.en), field.lstrip(_LETTERS)
    return Problem(field, f"{row}. {said}" if row else said)


def _address(uri: str) -> str:
    """Where the browser will be sent, in short."""
    parts = urlsplit(uri)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else f"{parts.scheme}:"


def _plain(text: str) -> str:
    """Without case and accents."""
    return "".join(c for c in unicodedata.normalize("NFD", text.casefold()) if not unicodedata.combining(c))
