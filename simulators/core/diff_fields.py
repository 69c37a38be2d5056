"""Where two forms, two queries or two JSON documents differ: by the name of the field, not by the line.

Sources: application/x-www-form-urlencoded (WHATWG URL §5), RFC 8259, RFC 6901 (places in JSON are JSON pointers).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl

from simulators.core.diff_trees import Found, drawn, excerpts, shortened

# What two good requests of one product never share (RFC 6749, OpenID Connect Core, RFC 7636, CIBA).
VOLATILE = frozenset(
    {"code", "state", "nonce", "code_challenge", "code_verifier", "refresh_token", "id_token_hint", "token"}
    | {"access_token", "id_token", "client_assertion", "auth_req_id", "session_state", "jti", "iat", "exp", "auth_time"}
)
_FORM = re.compile(r"[\w.~!*'()$%+-]{1,100}=[^&=\s]*(?:=*)(?:&[^\s]*)?", re.ASCII)
_MOST_FIELDS = 1000
_DEEPEST = 50


def fields_of(text: str) -> Mapping[str, str] | None:
    """The fields of a form or a query (``name[n]`` from the second of a name), None when ``text`` is none."""
    if not _FORM.fullmatch(text):
        return None
    found: dict[str, str] = {}
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        return None
    seen: dict[str, int] = {}
    for name, value in pairs:
        seen[name] = seen.get(name, 0) + 1
        found[name if seen[name] == 1 else f"{name}[{seen[name]}]"] = value
    return found


def values_of(text: str) -> Mapping[str, str] | None:
    """The leaves of a JSON object or array by JSON pointer, None when ``text`` is none."""
    if text.lstrip()[:1] not in ("{", "["):
        return None
    try:
        return dict(_leaves(json.loads(text), "", 0))
    except (ValueError, RecursionError):
        return None


def diff_fields(kind: str, old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[Found]:
    """``kind name`` is the place: ``field scope``, ``query state``, ``json /a/0``."""
    for name in dict.fromkeys([*new, *old]):
        was, now = old.get(name), new.get(name)
        if was == now:
            continue
        bare = name.rpartition("/")[2].partition("[")[0]
        volatile = bool(was and now) and (bare in VOLATILE or drawn((was or "").strip('"'), (now or "").strip('"')))
        if was is not None and now is not None:
            was, now = excerpts(was, now)
        yield f"{kind} {name}", was and shortened(was), now and shortened(now), volatile


def _leaves(value: Any, at: str, depth: int) -> Iterator[tuple[str, str]]:
    if depth > _DEEPEST:
        raise RecursionError(depth)
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            yield from _leaves(inner, f"{at}/{name.replace('~', '~0').replace('/', '~1')}", depth + 1)
    elif isinstance(value, list) and value:
        for number, inner in enumerate(value):
            yield from _leaves(inner, f"{at}/{number}", depth + 1)
    else:
        yield at or "/", json.dumps(value, ensure_ascii=False)
