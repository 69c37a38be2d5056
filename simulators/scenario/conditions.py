"""Conditions on what came: plain values, and objects of named tests. Data only.

A path leads into an answer: ``state``, ``receipts[0].accepted``, ``receipts[kind=Z01].accepted`` (the first that has
that value). A condition is a value, equal as text (of a list: one of its items), or an object of tests that must all
hold::

    {not: C} {equals: V} {contains: C} {matches: PATTERN} {less: N} {more: N} {one_of: [V, ...]}
    {present: true} {count: C} {all: C} {any: C}

where ``C`` is again a condition, or an object of paths and conditions.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from simulators.scenario.patterns import atoms, matches

LONGEST_PATH = 200
DEEPEST = 12
_STEP = re.compile(
    r"(?:\A|(?<=.)\.)(?P<name>[\w:^-]+)|\[(?P<index>-?[0-9]{1,6})\]|\[(?P<key>[\w-]+)=(?P<value>[^\]]*)\]"
)
Resolve = Callable[[Any], Any]
Misses = dict[str, tuple[Any, Any]]


def plain(value: Any) -> Any:
    """A value stands for itself."""
    return value


def misses(wanted: Mapping[str, Any], found: Any, resolve: Resolve = plain) -> Misses:
    """``{path: (expected, found)}`` of the conditions that do not hold; ``resolve`` gives what a reference names."""
    seen = {path: at(found, path, resolve) for path in wanted}
    return {path: (value, seen[path]) for path, value in wanted.items() if not holds(value, seen[path], resolve)}


def at(data: Any, path: str, resolve: Resolve = plain) -> Any:
    """What stands at a path; ``None`` where there is nothing."""
    for name, index, key, value in steps(path):
        if name:
            data = data.get(name) if isinstance(data, Mapping) else _item(data, name)
        elif index:
            data = _item(data, index)
        elif isinstance(data, list):
            data = next((item for item in data if _same(resolve(value), at(item, key))), None)
        else:
            return None
    return data


def steps(path: str) -> list[tuple[str, str, str, str]]:
    """``(name, index, key, value)`` of each step of a path. Raises ``ValueError``."""
    found, end = [], 0
    while end < len(path) <= LONGEST_PATH:
        step = _STEP.match(path, end)
        if step is None:
            break
        found.append((step["name"] or "", step["index"] or "", step["key"] or "", step["value"] or ""))
        end = step.end()
    if end < len(path) or not path:
        raise ValueError(
            f"{path[:80]!r} is no path: expected state, receipts[0].accepted or receipts[kind=Z01].accepted"
        )
    return found


def _item(data: Any, index: str) -> Any:
    if not isinstance(data, list) or not re.fullmatch(r"-?[0-9]{1,6}", index):
        return None
    return data[int(index)] if -len(data) <= int(index) < len(data) else None


def holds(condition: Any, found: Any, resolve: Resolve = plain) -> bool:
    """Whether a condition holds for what was found."""
    if not isinstance(condition, Mapping):
        wanted = resolve(condition)
        return _same(wanted, found) or (isinstance(found, list) and any(_same(wanted, item) for item in found))
    if is_test(condition):
        return all(TESTS[name](value, found, resolve) for name, value in condition.items())
    return not misses(condition, found, resolve)


def is_test(condition: Mapping[str, Any]) -> bool:
    """Whether an object names tests, and not paths."""
    return bool(condition) and all(name in TESTS for name in condition)


def _same(wanted: Any, found: Any) -> bool:
    if isinstance(wanted, list | dict) or isinstance(found, list | dict):
        return bool(wanted == found)
    return _text(wanted) == _text(found)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _contains(wanted: Any, found: Any, resolve: Resolve) -> bool:
    if isinstance(found, list):
        return any(holds(wanted, item, resolve) for item in found)
    return not isinstance(wanted, Mapping) and found is not None and _text(resolve(wanted)) in _text(found)


def _compared(wanted: Any, found: Any) -> int | None:
    """Minus one, zero or one; ``None`` when one of them is no number."""
    try:
        left, right = Decimal(_text(found)[:40]), Decimal(_text(wanted)[:40])
        return int(left.compare(right))
    except (InvalidOperation, ValueError, OverflowError):
        return None


def _every(wanted: Any, found: Any, resolve: Resolve) -> bool:
    """Of an empty list nothing is true: it is what a journey that did nothing leaves behind."""
    return isinstance(found, list) and bool(found) and all(holds(wanted, item, resolve) for item in found)


def _some(wanted: Any, found: Any, resolve: Resolve) -> bool:
    return isinstance(found, list) and any(holds(wanted, item, resolve) for item in found)


TESTS: Mapping[str, Callable[[Any, Any, Resolve], bool]] = {
    "equals": lambda wanted, found, resolve: _same(resolve(wanted), found),
    "not": lambda wanted, found, resolve: not holds(wanted, found, resolve),
    "contains": _contains,
    "matches": lambda wanted, found, resolve: found is not None and matches(str(wanted), _text(found)),
    "less": lambda wanted, found, resolve: _compared(wanted, found) == -1,
    "more": lambda wanted, found, resolve: _compared(wanted, found) == 1,
    "one_of": lambda wanted, found, resolve: any(_same(resolve(one), found) for one in wanted),
    "present": lambda wanted, found, resolve: (found not in (None, "", [], {})) is wanted,
    "count": lambda wanted, found, resolve: holds(wanted, len(found) if isinstance(found, list) else 0, resolve),
    "all": _every,
    "any": _some,
}
_NESTED = ("not", "contains", "count", "all", "any")


def flaws(condition: Any, depth: int = 0) -> Iterator[str]:
    """What is wrong with a condition: patterns, paths, tests that do not exist, too deep."""
    if not isinstance(condition, Mapping):
        return
    tests = [name for name in condition if name in TESTS]
    if depth > DEEPEST:
        yield f"conditions are nested deeper than {DEEPEST}"
    elif not condition:
        yield "an empty condition holds always: leave it out"
    elif tests and len(tests) < len(condition):
        other = next(name for name in condition if name not in TESTS)
        yield f"{other!r} is no test: expected {', '.join(TESTS)}"
    elif tests:
        for name, value in condition.items():
            yield from _test_flaws(name, value, depth)
    else:
        yield from path_flaws(condition, depth)


def path_flaws(wanted: Mapping[str, Any], depth: int = 0) -> Iterator[str]:
    """The same for an object of paths and conditions."""
    for path, value in wanted.items():
        try:
            steps(path)
        except ValueError as problem:
            yield str(problem)
        yield from flaws(value, depth + 1)


def _test_flaws(name: str, value: Any, depth: int) -> Iterator[str]:
    if name in _NESTED:
        yield from flaws(value, depth + 1)
    elif name == "matches":
        try:
            atoms(value if isinstance(value, str) else str(value))
        except ValueError as problem:
            yield f"matches: {problem}"
    elif name in {"less", "more"} and _compared(value, 0) is None:
        yield f"{name}: expected a number, found {value!r}"
    elif name == "one_of" and not (isinstance(value, list) and value):
        yield "one_of: expected a list"
    elif name == "present" and not isinstance(value, bool):
        yield "present: expected true or false"
