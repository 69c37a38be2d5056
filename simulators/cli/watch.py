"""``watch``: what came, one line an exchange, what is awaited, and why what came does not match."""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from simulators.cli.codes import ENVIRONMENT, NOTHING_CAME, PASS
from simulators.cli.remote import add_endpoints, add_lang, add_world, language, running
from simulators.cli.stopping import interruptible
from simulators.clients.control import Control, Refusal, world_path
from simulators.core.errors import EnvironmentProblem
from simulators.population.guard import masked_text

SLICE_S = 20.0
AGAIN_S = 1.0
TIMEOUT_S = 60.0
STOPPING = 503
WORDS = {
    "fr": {
        "watching": "monde {world} : j'attends ce qui arrive (Ctrl-C arrête)",
        "awaited": "attendu {id}  {who}{label}{expect}",
        "step": "étape {step}",
        "met": "{id}  satisfait par l'échange {met}",
        "unmet": "{id}  n'est plus attendu, rien ne correspond",
        "match": "    correspond",
        "miss": "    {id} ne correspond pas : {path} attendu {expected}, trouvé {found}",
        "gone": "le bac à sable ne répond plus ({problem}) ; j'attends son retour",
        "back": "le bac à sable répond de nouveau",
        "nothing": "rien ne correspond après {seconds:g} s ({seen} échange(s) vu(s))",
        "stray": "connexion sans échange",
    },
    "en": {
        "watching": "world {world}: waiting for what comes (Ctrl-C stops)",
        "awaited": "awaited {id}  {who}{label}{expect}",
        "step": "step {step}",
        "met": "{id}  met by exchange {met}",
        "unmet": "{id}  is awaited no more, nothing matched",
        "match": "    matches",
        "miss": "    {id} does not match: {path} expected {expected}, found {found}",
        "gone": "the sandbox does not answer any more ({problem}); waiting for it to come back",
        "back": "the sandbox answers again",
        "nothing": "nothing matched within {seconds:g} s ({seen} exchange(s) seen)",
        "stray": "connection without an exchange",
    },
}


def arguments(parser: argparse.ArgumentParser) -> None:
    add_endpoints(parser)
    add_world(parser)
    add_lang(parser)
    parser.add_argument(
        "--expect",
        nargs="+",
        default=[],
        metavar="FILE|K=V",
        help="conditions on an exchange, as operation=dmp.TD2.1 outcome=accepted, or a YAML or JSON file of them",
    )
    parser.add_argument("--once", action="store_true", help="end at the first match (0), or at the deadline (4)")
    parser.add_argument("--timeout", type=float, metavar="S", help=f"deadline of --once (default {TIMEOUT_S:g} s)")


def run(options: argparse.Namespace) -> int:
    expected = conditions(options.expect)
    lang = language(options.lang, os.environ)
    deadline = (TIMEOUT_S if options.timeout is None else options.timeout) if options.once else options.timeout
    watching = Watching(lambda: running(options.endpoints), options.world, expected, lang)
    with interruptible():
        try:
            return watching.until(options.once, deadline)
        except KeyboardInterrupt:
            if options.once:
                raise
            return PASS


def conditions(given: Sequence[str]) -> dict[str, Any]:
    """The conditions of ``--expect``: pairs, and files that hold a mapping. Raises ``ValueError``, ``OSError``."""
    found: dict[str, Any] = {}
    for word in given:
        name, sign, value = word.partition("=")
        found |= {name: value} if sign and name and not Path(word).is_file() else _of_file(Path(word))
    return found


def _of_file(path: Path) -> dict[str, Any]:
    import yaml

    try:
        data = yaml.safe_load(path.read_text("utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as problem:
        raise ValueError(f"{path}: {problem}") from problem
    except FileNotFoundError:
        raise ValueError(f"--expect {path}: neither NAME=VALUE nor a file") from None
    if not isinstance(data, dict) or not all(isinstance(name, str) for name in data):
        raise ValueError(f"{path}: expected a mapping of conditions, as operation: dmp.TD2.1")
    return {name: str(value) if hasattr(value, "isoformat") else value for name, value in data.items()}


class Watching:
    """Follows one world over the control API. ``find`` gives the running sandbox, or raises ``EnvironmentProblem``."""

    def __init__(self, find: Callable[[], Control], world: str, expected: Mapping[str, Any], lang: str) -> None:
        self._find, self._expected, self._lang = find, dict(expected), lang
        self._world, self._words = world, WORDS[lang]
        self._remote = find()
        self._at: dict[str, Any] = {}
        self._last: tuple[int, str] = (0, "")  # number and time of the last row seen: is it the same journal?
        self._seen = 0

    def until(self, once: bool, seconds: float | None) -> int:
        """Follows until the first match when ``once``, and not longer than ``seconds``. The exit code."""
        end = None if seconds is None else time.monotonic() + seconds
        self._start()
        while True:
            left = SLICE_S if end is None else end - time.monotonic()
            try:
                matched = self._turn(max(0.0, min(left, SLICE_S)))
            except (EnvironmentProblem, Refusal) as problem:
                if isinstance(problem, Refusal) and problem.status != STOPPING:
                    raise
                if not self._return(problem, end):
                    return ENVIRONMENT
                continue
            if matched and once:
                return PASS
            if end is not None and time.monotonic() >= end:
                self._say("nothing", seconds=seconds, seen=self._seen)
                return NOTHING_CAME if once else PASS

    @property
    def _path(self) -> str:
        return f"{world_path(self._world)}/watch"

    def _start(self) -> None:
        found = self._remote.call("GET", self._path)
        self._say("watching", world=self._world)
        self._tell_awaited(found["awaited"], ())
        self._at = {name: found[name] for name in ("lost", "state")} | {"since": found["cursor"]}
        self._last = (found["cursor"], self._time_of(found["cursor"]))

    def _turn(self, timeout: float) -> bool:
        body = {**self._at, "timeout": timeout, "expect": self._expected}
        told = self._remote.call("POST", f"{self._path}/wait", body)
        before, self._at = self._at, {"since": told["cursor"], "lost": told["lost"], "state": told["state"]}
        if told["state"] != before["state"]:
            self._tell_awaited(told["awaited"], told["ended"])
        for row in told["strays"]:
            print(line(row, self._lang, self._words["stray"]), flush=True)
        matches = [self._tell(row) for row in told["exchanges"]]  # each is told, also after a match
        return any(matches)

    def _tell(self, row: Mapping[str, Any]) -> bool:
        """Prints one exchange; whether it is what ``--expect`` asks for."""
        self._seen += 1
        self._last = (row["number"], row["wire_time"])
        print(line(row, self._lang), flush=True)
        judged = {**row["judged"], **({"--expect": row["misses"]} if self._expected else {})}
        for id, misses in judged.items():
            for path, why in misses.items():
                self._say("miss", id=id, path=path, **why)
        if not row["misses"] and self._expected:
            self._say("match")
        return not row["misses"]

    def _tell_awaited(self, awaited: Sequence[Mapping[str, Any]], ended: Sequence[Mapping[str, Any]]) -> None:
        for one in ended:
            self._say("met" if one["met"] else "unmet", **one)
        for one in awaited:
            expect = " ".join(f"{name}={value}" for name, value in one["expect"].items())
            label = f"{one['label']}  " if one["label"] else ""
            self._say("awaited", id=one["id"], who=self._who(one), label=label, expect=expect)

    def _who(self, awaited: Mapping[str, Any]) -> str:
        """The step of the scenario and the part that the product plays in it, as far as they are known."""
        step = self._words["step"].format(step=awaited["step"]) if awaited["step"] else ""
        who = ", ".join(filter(None, (step, awaited["role"])))
        return f"{who}: " if who else ""

    def _return(self, problem: Exception, end: float | None) -> bool:
        """Waits for a sandbox to answer again; goes on where it was when it is the same journal."""
        self._say("gone", problem=problem)
        while end is None or time.monotonic() < end:
            time.sleep(AGAIN_S)
            try:
                self._remote = self._find()
                at = self._remote.call("GET", self._path)
            except (EnvironmentProblem, Refusal):
                continue
            self._say("back")
            number, seen = self._last
            kept = number <= at["cursor"] and self._time_of(number) == seen
            self._at = {"since": number if kept else 0, "lost": at["lost"], "state": at["state"]}
            self._tell_awaited(at["awaited"], ())
            return True
        return False

    def _time_of(self, number: int) -> str:
        try:
            path = f"{world_path(self._world)}/exchanges/{number}"
            return str(self._remote.call("GET", path)["wire_time"]) if number else ""
        except Refusal:
            return ""

    def _say(self, word: str, **values: Any) -> None:
        print(masked_text(self._words[word].format(**values)), flush=True)


def line(row: Mapping[str, Any], lang: str, note: str = "") -> str:
    """One exchange on one line: number, time, protocol, operation, who, outcome, first finding."""
    who = row["who"].get("structure") or row["who"].get("client") or row["who"].get("address", "?")
    findings = row["verdict"]["findings"]
    first = next((f for f in findings if f["level"] == "refuse"), findings[0] if findings else None)
    said = f"{first['rule']}: {first['sentence'][lang]}" if first else ""
    shown = f"{row['number']:>6} {row['wire_time'][11:23]} {row['protocol']:9} {row['operation']:18} {who:18} "
    shown += f"{note or row['outcome']:9} {said}"
    return masked_text(" ".join(shown.rstrip().splitlines()))
