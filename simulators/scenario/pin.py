"""The rule set pinned: a file that names every rule with what decides a verdict and an answer on the wire.

Only that is pinned; a better explanation is no other rule.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from simulators.core.errors import SandboxError

PINNED = ("level", "strict", "code", "form", "switchable", "needs")
_HASH = re.compile(r"[0-9a-f]{64}")


class InvalidPin(SandboxError):
    """Neither a file of ``rules --pin`` nor its hash."""


def pin(rules: Iterable[Mapping[str, Any]], version: str) -> str:
    """The pin file: JSON, one rule a line; ``segur_rules``, ``version``, ``hash`` (SHA-256 of the rules), ``rules``.

    ``rules`` have the shape of ``GET /_sandbox/rules``.
    """
    kept = _kept(rules)
    lines = [f" {json.dumps(name)}: {_line(values)}" for name, values in kept.items()]
    head = {"segur_rules": 1, "version": version, "hash": _hash(kept)}
    return json.dumps(head)[:-1] + ', "rules": {\n' + ",\n".join(lines) + "\n}}\n"


def differences(pinned: str, rules: Iterable[Mapping[str, Any]]) -> list[str]:
    """One line a difference between the running rules and a pin file or a bare hash. Raises :class:`InvalidPin`."""
    running = _kept(rules)
    if _HASH.fullmatch(pinned):
        same = pinned == _hash(running)
        return [] if same else [f"the rules are {_hash(running)}, pinned {pinned}: pin a file to see which differ"]
    return list(_differences(_read(Path(pinned)), running))


def _differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    for name in sorted({*before, *now}):
        if name not in now:
            yield f"rule removed  {name}"
        elif name not in before:
            yield f"rule added    {name}  level {now[name]['level']}"
        else:
            keys = sorted({*before[name], *now[name]})
            changed = [k for k in keys if before[name].get(k) != now[name].get(k)]
            told = ", ".join(f"{k} {before[name].get(k)!r} -> {now[name].get(k)!r}" for k in changed)
            if told:
                yield f"rule changed  {name}  {told}"


def _read(path: Path) -> Mapping[str, Any]:
    try:
        document = json.loads(path.read_text("utf-8"))
        rules: Mapping[str, Any] = document["rules"]
        if document["segur_rules"] != 1 or not all(isinstance(values, dict) for values in rules.values()):
            raise InvalidPin(f"{path}: not a file of segur-sandbox rules --pin, version 1")
        return rules
    except OSError as problem:
        raise InvalidPin(f"{path}: {problem.strerror}, and no hash of 64 hexadecimal digits") from problem
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as problem:
        raise InvalidPin(f"{path}: not a file of segur-sandbox rules --pin") from problem


def _kept(rules: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """What is pinned of each rule; ``text`` is what the wire says, the national text or ours."""
    found = {r["id"]: {k: r[k] for k in PINNED} | {"text": r["national"] or r["sentence"]["fr"]} for r in rules}
    return dict(sorted(found.items()))


def _hash(kept: Mapping[str, Any]) -> str:
    return hashlib.sha256(_line(kept).encode()).hexdigest()


def _line(values: Mapping[str, Any]) -> str:
    return json.dumps(values, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
