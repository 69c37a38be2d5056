"""``population import | export | adopted | promote | template``: the product's own data, in and out."""

from __future__ import annotations

import argparse
import base64
import json
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from simulators.assembly.services import load_services
from simulators.cli.codes import FAILED, PASS
from simulators.cli.remote import add_endpoints, add_verb, add_world, running
from simulators.clients.control import Control, Refusal, world_path
from simulators.population.exchange_formats.csv_writer import template
from simulators.population.exchange_formats.family import Family
from simulators.population.exchange_formats.members import every_family, wanted
from simulators.population.exchange_formats.reading import LARGEST_FILE

ENDINGS = {"json": "json", "csv": "csv", "adt": "hl7"}


def arguments(parser: argparse.ArgumentParser) -> None:
    add_endpoints(parser)
    add_world(parser)
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    _import_arguments(add_verb(verbs, "import", "CSV, JSON or HL7 v2 ADT files; all of a file or nothing of it"))
    export = add_verb(verbs, "export", "files that import back")
    export.add_argument("--format", choices=list(ENDINGS), default="json")
    export.add_argument("--family", default="", metavar="NAME", help="one family only")
    export.add_argument("--out", type=Path, required=True, metavar="DIR|FILE")
    listing = add_verb(verbs, "adopted", "whom the wire brought and nobody declared")
    listing.add_argument("--json", action="store_true", help="machine-readable")
    promote = add_verb(verbs, "promote", "make an adopted member an ordinary one, that survives a reset")
    promote.add_argument("member", nargs="?", metavar="FAMILY:ID", help="as 'adopted' shows it")
    promote.add_argument("--all", action="store_true", help="everybody adopted")
    promote.add_argument(
        "--set", action="append", default=[], metavar="COLUMN=VALUE", help="edit it, for example nom=X"
    )
    blank = add_verb(verbs, "template", "the CSV columns and an example row; needs no running sandbox", world=False)
    blank.add_argument("--format", choices=["csv"], default="csv")
    blank.add_argument("--family", default="", metavar="NAME", help="one family only")
    blank.add_argument("--out", type=Path, metavar="DIR", help="one file a family, instead of printing")


def _import_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--dry-run", action="store_true", help="say what would happen, write nothing")
    parser.add_argument("--keep", action="store_true", help="the members survive a reset of the world")
    parser.add_argument("--skip-refused", action="store_true", help="import the good rows of a file that has bad ones")
    parser.add_argument("--family", default="", metavar="NAME", help="when the columns do not tell")
    parser.add_argument("--encoding", default="", metavar="NAME", help="utf-8 (default) or windows-1252")
    parser.add_argument("--json", action="store_true", help="the whole report, machine-readable")


def run(options: argparse.Namespace) -> int:
    if options.verb == "template":
        return _template(options)
    remote = running(options.endpoints)
    verb = {"import": _import, "export": _export, "adopted": _adopted, "promote": _promote}[options.verb]
    return verb(remote, f"{world_path(options.world)}/population", options)


# -- import -----------------------------------------------------------------------------------------------------------


def _import(remote: Control, base: str, options: argparse.Namespace) -> int:
    reports = [_imported(remote, f"{base}/import", path, options) for path in options.files]
    if options.json:
        print(json.dumps(reports, ensure_ascii=False, indent=1))
    else:
        print("\n".join(line for report in reports for line in told(report)))
    return FAILED if any(report["outcome"] == "refused" for report in reports) else PASS


def _imported(remote: Control, path: str, file: Path, options: argparse.Namespace) -> dict[str, Any]:
    body = {
        "name": file.name,
        "base64": base64.b64encode(_content(file)).decode(),
        "family": options.family,
        "encoding": options.encoding,
        "dry_run": options.dry_run,
        "keep": options.keep,
        "skip_refused": options.skip_refused,
    }
    try:
        report: dict[str, Any] = remote.call("POST", path, body)
    except Refusal as refusal:
        if "rows" not in refusal.problem:
            raise
        report = refusal.problem
    return report


def _content(file: Path) -> bytes:
    """Raises ``ValueError``: too large to be sent, let alone read."""
    with file.open("rb") as stream:
        data = stream.read(LARGEST_FILE + 1)
    if len(data) > LARGEST_FILE:
        raise ValueError(f"{file} is larger than {LARGEST_FILE >> 20} MiB: split it / fichier trop grand : le découper")
    return data


def told(report: dict[str, Any]) -> list[str]:
    """The report of one file in plain words: a line a row, its remarks below, the account last."""
    lines: list[str] = []
    for row in report["rows"]:
        lines.append(f"{report['file']}:{row['row']:<5} {row['outcome']:9} {row['family']:13} {row['id']}".rstrip())
        lines += [line for remark in row["remarks"] for line in _remark(remark)]
    counts = ", ".join(f"{count} {outcome}" for outcome, count in report["counts"].items()) or "nothing"
    done = "dry run, nothing written / essai à blanc, rien d'écrit" if report["dry_run"] else report["world"]
    if report["outcome"] == "refused" and not report["skip_refused"]:
        done = "nothing was imported / rien n'a été importé"
    return [*lines, f"{report['file']}: {counts} ({done})"]


def _remark(remark: dict[str, Any]) -> list[str]:
    lines = [f"  [{remark['level']}] {remark['code']}  {remark['column']}".rstrip()]
    lines += [f"    {name:8} {remark[name]}" for name in ("found", "expected") if remark[name]]
    sentence, mend = remark["sentence"], remark["mend"]
    return [*lines, *(f"    {tongue:8} {sentence[tongue]} -> {mend[tongue]}" for tongue in ("fr", "en"))]


# -- export, adopted, promote, template -------------------------------------------------------------------------------


def _export(remote: Control, base: str, options: argparse.Namespace) -> int:
    names = [options.family] if options.family else [""]
    if options.format == "csv" and not options.family:
        names = [family["name"] for family in remote.call("GET", "/families")["families"]]
    for name in names:
        query = urlencode({"format": options.format, "family": name})
        data = remote.raw("GET", f"{base}/export?{query}")
        path = _target(options.out, options.format, name, several=len(names) > 1)
        path.write_bytes(data)
        print(path)
    return PASS


def _target(out: Path, kind: str, family: str, *, several: bool) -> Path:
    """A folder takes one file a family; anything else is the file itself."""
    if several:
        out.mkdir(parents=True, exist_ok=True)
    stem = family or ("patients" if kind == "adt" else "population")
    return out / f"{stem}.{ENDINGS[kind]}" if out.is_dir() else out


def _adopted(remote: Control, base: str, options: argparse.Namespace) -> int:
    found = remote.call("GET", f"{base}/adopted")["adopted"]
    if options.json:
        print(json.dumps(found, ensure_ascii=False, indent=1))
        return PASS
    for entry in found:
        print(f"{entry['family']}:{entry['id']}  {_name(entry['member'])}".rstrip())
    print(f"{len(found)} adopted / adoptés")
    return PASS


def _name(member: dict[str, Any]) -> str:
    names = (member.get(key) or "" for key in ("name", "family", "given", "birth_name"))
    return " ".join([*(name for name in names if name), *member.get("given_names", ())])


def _promote(remote: Control, base: str, options: argparse.Namespace) -> int:
    if bool(options.member) == options.all:
        raise ValueError("name one member as FAMILY:ID, or give --all")
    body: dict[str, Any] = {"all": True} if options.all else {"set": dict(map(_edit, options.set))}
    if options.member:
        family, _, key = options.member.partition(":")
        body |= {"family": family, "id": key}
    for entry in remote.call("POST", f"{base}/promote", body)["promoted"]:
        print(f"{entry['family']}:{entry['id']}  {_name(entry['member'])}")
    return PASS


def _edit(text: str) -> tuple[str, str]:
    column, sign, value = text.partition("=")
    if not sign:
        raise ValueError(f"--set {text}: expected COLUMN=VALUE")
    return column, value


def _template(options: argparse.Namespace) -> int:
    known = every_family(family for service in load_services() for family in service.families)
    for family in [wanted(known, options.family)] if options.family else known:
        if options.out:
            options.out.mkdir(parents=True, exist_ok=True)
            path = options.out / f"{family.name}.csv"
            path.write_bytes(template(family))
            print(path)
        else:
            print(_explained(family), file=sys.stderr)  # so that the output itself is the file
            print(template(family).decode("utf-8-sig"), end="")
    return PASS


def _explained(family: Family) -> str:
    """The columns; a star marks the required ones."""
    lines = [f"{family.name}: {family.title.fr} / {family.title.en}"]
    for column in family.columns:
        required = "*" if column.required else " "
        lines.append(f" {required}{column.name:26} {column.meaning.fr} / {column.meaning.en}")
    return "\n".join(lines)
