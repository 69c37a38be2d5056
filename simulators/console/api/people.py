"""The people and places of a world: whole, in and out by files, adopted and promoted."""

from __future__ import annotations

import base64
import binascii
import json
from typing import TYPE_CHECKING, Any

from flask import Response

from simulators.console.api.route import Route, Values
from simulators.console.problems import Problem
from simulators.core.world import load
from simulators.population import registry
from simulators.population.exchange_formats.adt_writer import write_adt
from simulators.population.exchange_formats.csv_writer import template, write_csv
from simulators.population.exchange_formats.family import Family
from simulators.population.exchange_formats.landing import land
from simulators.population.exchange_formats.members import NoSuchMember, adopted, every_family, promote, wanted
from simulators.population.exchange_formats.read import Given, read_file
from simulators.population.exchange_formats.reading import LARGEST_FILE
from simulators.population.exchange_formats.report import FileReport
from simulators.population.model import Population, PopulationRefused

if TYPE_CHECKING:
    from simulators.sandbox import Sandbox

STRING = {"type": "string"}
FLAG = {"type": "boolean"}
LARGEST_IMPORT = LARGEST_FILE * 3 // 2


def families(sandbox: Sandbox) -> tuple[Family, ...]:
    """The families of this sandbox: people, places, and what its simulators add."""
    return every_family(family for service in sandbox.services for family in service.families)


def show_population(sandbox: Sandbox, values: Values, world: str) -> Any:
    with sandbox.store.read(world) as tx:
        return registry.export(tx).to_json()


def import_population(sandbox: Sandbox, values: Values, world: str) -> Any:
    """All or nothing; a member that exists is replaced."""
    document = {name: values.items(name) for name in POPULATION}
    try:
        population = Population.loads(json.dumps(document).encode())
        with sandbox.store.write(world) as tx:
            registry.merge(tx, population)
            registry.export(tx)  # a reference name that a member not in the file bears already
    except (PopulationRefused, ValueError) as refused:
        raise Problem(400, f"the population is not valid, nothing was imported: {refused}") from None
    return {name: len(document[name]) for name in POPULATION}


def import_file(sandbox: Sandbox, values: Values, world: str) -> Any:
    """One file, one line of report a row; 422 with the same report when a row is refused and nothing was imported."""
    file = Given(values.text("name"), _content(values), values.text("family"), values.text("encoding"))
    how = {name: values.flag(name) for name in HOW}
    report = land(sandbox.store, world, read_file(file, families(sandbox)), **how)
    answer = {"world": world, **how, **report.as_json()}
    return _refused(report, answer) if report.refused and not how["skip_refused"] else answer


def _content(values: Values) -> bytes:
    if values.has("text") == values.has("base64"):
        raise Problem(400, "give the content once: text, or base64")
    try:
        if values.has("text"):
            return values.text("text").encode()
        return base64.b64decode(values.text("base64"), validate=True)
    except (binascii.Error, UnicodeEncodeError) as problem:
        raise Problem(400, f"the content cannot be read: {problem}") from None


def _refused(report: FileReport, answer: dict[str, Any]) -> Response:
    count = sum(row.outcome == "refused" for row in report.rows)
    detail = f"{report.name}: {count} row(s) refused, nothing was imported"
    problem = {"type": "about:blank", "title": "The file is not valid", "status": 422, "detail": detail, **answer}
    return Response(json.dumps(problem, ensure_ascii=False), 422, content_type="application/problem+json")


def export_file(sandbox: Sandbox, values: Values, world: str) -> Any:
    """One family, or all of them in JSON; what comes out goes in again."""
    kind, chosen = values.text("format", "json"), values.text("family")
    known = families(sandbox)
    with sandbox.store.read(world) as tx:
        members = {family.name: list(family.every(tx)) for family in known}
        now = load(tx).wire(sandbox.now())
    picked = [wanted(known, chosen)] if chosen else list(known)
    if kind == "json":
        document = {family.name: [family.dump(member) for member in members[family.name]] for family in picked}
        return Response(json.dumps(document, ensure_ascii=False, indent=1), content_type="application/json")
    if kind == "csv" and chosen:
        return Response(write_csv(picked[0], members[chosen]), content_type="text/csv; charset=utf-8")
    if kind == "adt" and chosen in {"", "patients"}:
        return Response(write_adt(members["patients"], now), content_type="application/hl7-v2; charset=utf-8")
    raise Problem(400, "format: json, csv with a family, or adt (patients only)")


def list_adopted(sandbox: Sandbox, values: Values, world: str) -> Any:
    with sandbox.store.read(world) as tx:
        return {"world": world, "adopted": [found.as_json() for found in adopted(tx, families(sandbox))]}


def promote_member(sandbox: Sandbox, values: Values, world: str) -> Any:
    """One member, edited if asked, or everybody adopted: ordinary from now on, also after a reset."""
    known, edits = families(sandbox), {name: str(cell) for name, cell in values.mapping("set").items()}
    with sandbox.store.write(world) as tx:
        if values.flag("all"):
            if edits or values.has("id"):
                raise Problem(400, "all takes neither id nor set")
            chosen = [(found.family, found.key) for found in adopted(tx, known)]
        else:
            chosen = [(wanted(known, values.text("family")), values.text("id"))]
        try:
            told = [
                {"family": family.name, "id": key, "member": promote(tx, family, key, edits)} for family, key in chosen
            ]
        except NoSuchMember as nobody:
            raise Problem(404, str(nobody)) from None
    return {"world": world, "promoted": told}


def list_families(sandbox: Sandbox, values: Values) -> Any:
    return {"families": [family_json(family) for family in families(sandbox)]}


def family_json(family: Family) -> dict[str, Any]:
    """The columns of a family's CSV file, and a file of one example row."""
    columns = [
        {
            "name": column.name,
            "required": column.required,
            "aliases": list(column.aliases),
            "meaning": {"fr": column.meaning.fr, "en": column.meaning.en},
            "example": column.example,
        }
        for column in family.columns
    ]
    title = {"fr": family.title.fr, "en": family.title.en}
    return {"name": family.name, "title": title, "columns": columns, "template": template(family).decode()}


POPULATION = ("patients", "professionals", "structures")
ARRAYS = {name: {"type": "array", "items": {"type": "object"}} for name in POPULATION}
HOW = ("dry_run", "keep", "skip_refused")
FILE = dict.fromkeys(("name", "text", "base64", "family", "encoding"), STRING) | dict.fromkeys(HOW, FLAG)
MEMBER = {"family": STRING, "id": STRING, "all": FLAG, "set": {"type": "object"}}
CHOICE = {"format": STRING, "family": STRING}
_AT = "/worlds/<world>/population"

ROUTES = (
    Route("GET", _AT, "Everybody and every place of a world", show_population),
    Route("PUT", _AT, "Imports people and places, all or nothing", import_population, ARRAYS),
    Route(
        "POST",
        f"{_AT}/import",
        "Imports one CSV, JSON or HL7 ADT file, with a report line per row",
        import_file,
        FILE,
        {},
        ("name",),
        largest=LARGEST_IMPORT,
    ),
    Route("GET", f"{_AT}/export", "A file that imports back", export_file, {}, CHOICE, raw="application/octet-stream"),
    Route("GET", f"{_AT}/adopted", "Whom the wire brought and nobody declared", list_adopted),
    Route("POST", f"{_AT}/promote", "Makes an adopted member an ordinary one, for good", promote_member, MEMBER),
    Route("GET", "/families", "The families of data, their CSV columns and a template", list_families),
)
