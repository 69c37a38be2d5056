"""Parameters of a request (RFC 6749 §3.1, appendix B): query and form, bounded, each at most once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl

MOST: Final = 100
LONGEST: Final = 64 * 1024
FORM: Final = "application/x-www-form-urlencoded"


class ParamsRefused(ValueError):
    """Parameters that cannot be read: ``where`` is ``query`` or ``body``."""

    def __init__(self, where: str, found: str, expected: str) -> None:
        self.where, self.found, self.expected = where, found, expected
        super().__init__(f"{where}: {found}, expected {expected}")


@dataclass(frozen=True)
class Params:
    """Name and value pairs in order. A value that is empty counts as absent (RFC 6749 §3.1)."""

    pairs: tuple[tuple[str, str], ...] = ()

    def get(self, name: str, default: str = "") -> str:
        """The first value of ``name``."""
        return next((value for key, value in self.pairs if key == name and value), default)

    def has(self, name: str) -> bool:
        return bool(self.get(name))

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.pairs if key == name]

    def repeated(self) -> Iterator[str]:
        """Names given more than once, which RFC 6749 §3.1 forbids."""
        yield from (name for name, count in Counter(key for key, _ in self.pairs).items() if count > 1)

    def words(self, name: str) -> list[str]:
        """A space-separated list."""
        return self.get(name).split()

    def __add__(self, other: Params) -> Params:
        return Params(self.pairs + other.pairs)


def read_query(query: str) -> Params:
    """Raises :class:`ParamsRefused`."""
    return _read(query, "query")


def read_form(headers: Mapping[str, str], body: bytes) -> Params:
    """The parameters of a form; none in an empty body. Raises :class:`ParamsRefused`."""
    if not body:
        return Params()
    kind = headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind != FORM:
        raise ParamsRefused("Content-Type", kind or "no Content-Type", FORM)
    try:
        return _read(body.decode("ascii"), "body")
    except UnicodeDecodeError:
        raise ParamsRefused("body", "octets beyond ASCII", "percent-encoded UTF-8") from None


def _read(text: str, where: str) -> Params:
    if len(text) > LONGEST:
        raise ParamsRefused(where, f"{len(text)} characters", f"at most {LONGEST}")
    try:
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MOST)
    except UnicodeDecodeError:
        raise ParamsRefused(where, "an escape that is no UTF-8", "percent-encoded UTF-8") from None
    except ValueError:
        raise ParamsRefused(where, f"more than {MOST} parameters", f"at most {MOST}") from None
    if any("\x00" in name or "\x00" in value for name, value in pairs):  # no database key, no text of any form
        raise ParamsRefused(where, "a NUL character", "text without NUL")
    return Params(tuple(pairs))
