"""Reads a scenario file; every error names its file and line.

YAML is read as plain data: no tags, no anchors (an alias bomb is refused before it expands).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from simulators.core.errors import SandboxError
from simulators.core.shipped import shipped
from simulators.scenario.expecting import step_flaws

LARGEST = 1 << 20
DEEPEST = 50
_WHOLE = re.compile(r"-?[0-9]{1,18}")
Path_ = tuple[str | int, ...]


@dataclass(frozen=True)
class Flaw:
    """One defect of a file: where, and what to do."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}"


class InvalidScenario(SandboxError):
    """The file is not a scenario; ``flaws`` lists every defect found."""

    def __init__(self, flaws: Sequence[Flaw]) -> None:
        self.flaws = tuple(flaws)
        super().__init__("\n".join(str(flaw) for flaw in flaws))


@dataclass(frozen=True)
class Scenario:
    """A valid scenario: its data, and the line of each value."""

    file: str
    data: Mapping[str, Any]
    lines: Mapping[Path_, int]

    @property
    def world(self) -> str:
        return str(self.data.get("world", "main"))

    @property
    def steps(self) -> Sequence[Mapping[str, Any]]:
        steps: Sequence[Mapping[str, Any]] = self.data["steps"]
        return steps

    def title(self, lang: str) -> str:
        return str(self.data["title"][lang])

    def line(self, *path: str | int) -> int:
        """The line of a value, or of the nearest thing that holds it."""
        return _line(self.lines, path)


def load(path: Path) -> Scenario:
    """Reads and checks one file. Raises :class:`InvalidScenario`."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise InvalidScenario([Flaw(str(path), 0, f"cannot be read: {problem}")]) from problem
    return parse(text, str(path))


def parse(text: str, file: str) -> Scenario:
    """As :func:`load`, from text."""
    data, lines = plain_yaml(text, file)
    flaws = [Flaw(file, _line(lines, where), message) for where, message in _schema_flaws(data)]
    flaws = flaws or [Flaw(file, _line(lines, where), message) for where, message in _condition_flaws(data)]
    if flaws:
        raise InvalidScenario(sorted(flaws, key=lambda flaw: flaw.line))
    return Scenario(file, data, lines)


def plain_yaml(text: str, file: str) -> tuple[Any, Mapping[Path_, int]]:
    """Plain data and the line of each value. Raises :class:`InvalidScenario`."""
    if len(text) > LARGEST:
        raise InvalidScenario([Flaw(file, 0, f"larger than {LARGEST} characters")])
    lines: dict[Path_, int] = {}
    try:
        _refuse_bombs(text, file)
        node = yaml.compose(text, yaml.SafeLoader)
        data: Any = _plain(node, (), lines, file) if node is not None else None
    except yaml.YAMLError as problem:
        mark = getattr(problem, "problem_mark", None)
        said = getattr(problem, "problem", None) or str(problem)
        raise InvalidScenario([Flaw(file, mark.line + 1 if mark else 0, said)]) from problem
    return data, lines


def _refuse_bombs(text: str, file: str) -> None:
    """Event by event: the parser's time grows with the square of the depth."""
    depth = 0
    for event in yaml.parse(text, yaml.SafeLoader):
        line = event.start_mark.line + 1 if event.start_mark else 0
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise InvalidScenario([Flaw(file, line, "anchors and aliases are not allowed")])
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise InvalidScenario([Flaw(file, line, "nested too deeply")])


@cache
def schema() -> Mapping[str, Any]:
    """The JSON Schema of the language (``scenarios/schema.json``)."""
    found: Mapping[str, Any] = json.loads(shipped("scenarios", "schema.json").read_text("utf-8"))
    return found


def _schema_flaws(data: Any) -> Iterator[tuple[Path_, str]]:
    from jsonschema import Draft202012Validator

    for error in Draft202012Validator(schema()).iter_errors(data):
        deepest = _deepest(error)
        yield tuple(deepest.absolute_path), deepest.message


def _condition_flaws(data: Any) -> Iterator[tuple[Path_, str]]:
    """Of a file of the right form, what is wrong with paths, patterns and times."""
    for number, step in enumerate(data["steps"]):
        for where, message in step_flaws(step):
            yield ("steps", number, *where), message


def _deepest(error: Any) -> Any:
    """Of the alternatives of a ``oneOf``, the one that came furthest."""
    while error.context:
        error = max(error.context, key=lambda sub: (len(sub.absolute_path), -len(sub.message)))
    return error


def _plain(node: yaml.Node, path: Path_, lines: dict[Path_, int], file: str) -> Any:
    lines[path] = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        found: dict[str, Any] = {}
        for key, value in node.value:
            name = str(key.value)
            if name in found:
                raise InvalidScenario([Flaw(file, key.start_mark.line + 1, f"{name!r} stands twice")])
            found[name] = _plain(value, (*path, name), lines, file)
        return found
    if isinstance(node, yaml.SequenceNode):
        return [_plain(value, (*path, number), lines, file) for number, value in enumerate(node.value)]
    return _scalar(node)


def _scalar(node: yaml.Node) -> Any:
    """Strings, whole numbers, booleans and null; anything else (dates, floats) stays text."""
    if node.tag == "tag:yaml.org,2002:int" and _WHOLE.fullmatch(node.value):
        return int(node.value)
    if node.tag == "tag:yaml.org,2002:bool":
        return node.value.lower() in {"true", "yes", "on"}
    return None if node.tag == "tag:yaml.org,2002:null" else str(node.value)


def _line(lines: Mapping[Path_, int], path: Sequence[str | int]) -> int:
    for length in range(len(path), -1, -1):
        found = lines.get(tuple(path[:length]))
        if found is not None:
            return found
    return 1
