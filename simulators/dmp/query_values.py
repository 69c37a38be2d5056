"""The grammar of stored-query values (facts dmp-messages §7.2): strings, numbers and lists.

Quotes are read before commas: a value may hold a comma. What a tolerant reader accepts beside the grammar is noted as
an oddity and never changes the meaning.
"""

from __future__ import annotations

from dataclasses import dataclass

QUOTE = "'"


class BadValue(Exception):
    """The text is no value: ``found`` is where it stops making sense."""

    def __init__(self, found: str, expected: str) -> None:
        self.found, self.expected = found, expected
        super().__init__(f"{found!r}, expected {expected}")


@dataclass(frozen=True, slots=True)
class Item:
    """One string or number, and whether it was quoted."""

    text: str
    quoted: bool


@dataclass(frozen=True, slots=True)
class QueryValue:
    """What one ``rim:Value`` holds; ``listed`` tells that it was in parentheses."""

    items: tuple[Item, ...]
    listed: bool


def read_value(text: str) -> QueryValue:
    """Reads one value. Raises :class:`BadValue`."""
    content = text.strip()
    if content.startswith("("):
        if not content.endswith(")"):
            raise BadValue(_tail(content), "a closing parenthesis")
        return QueryValue(_items(content[1:-1]), True)
    item, rest = _item(content)
    if rest.strip():
        raise BadValue(_tail(rest), "nothing after the value (a list stands in parentheses)")
    return QueryValue((item,), False)


def write_list(values: tuple[str, ...]) -> str:
    """The canonical form of a list: ``('a','b')``."""
    return "(" + ",".join(QUOTE + value.replace(QUOTE, QUOTE * 2) + QUOTE for value in values) + ")"


def _items(content: str) -> tuple[Item, ...]:
    found: list[Item] = []
    rest = content.strip()
    while rest:
        item, rest = _item(rest)
        found.append(item)
        rest = rest.lstrip()
        if not rest:
            break
        if not rest.startswith(","):
            raise BadValue(_tail(rest), "a comma between the items of a list")
        rest = rest[1:].lstrip()
        if not rest:
            raise BadValue(",", "an item after the comma")
    return tuple(found)


def _item(text: str) -> tuple[Item, str]:
    if text.startswith(QUOTE):
        return _quoted(text)
    end = min((at for at in (text.find(","), text.find(")")) if at >= 0), default=len(text))
    bare = text[:end].strip()
    if not bare or QUOTE in bare or "(" in bare:
        raise BadValue(_tail(text), "a quoted string or a number")
    return Item(bare, False), text[end:]


def _quoted(text: str) -> tuple[Item, str]:
    at = 1
    while (end := text.find(QUOTE, at)) >= 0:
        if text[end + 1 : end + 2] == QUOTE:
            at = end + 2
            continue
        return Item(text[1:end].replace(QUOTE * 2, QUOTE), True), text[end + 1 :]
    raise BadValue(_tail(text), "a closing quote")


def _tail(text: str) -> str:
    return text[:60] or "(nothing)"
