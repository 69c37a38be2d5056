"""Who is told: as the world says, else the PFI and the DPI of this sandbox."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Final
from urllib.parse import urlsplit

from simulators.core.rules import Policy
from simulators.identity_repository.deliveries import OWN, Subscriber
from simulators.identity_repository.errors import CommandRefused
from simulators.identity_repository.names import PEERS, PRODUCT
from simulators.identity_repository.settings import SUBSCRIBERS

_NAMED: Final = re.compile(r"(?:([^=,\s]{1,60})=)?(\S{1,300})")
NOBODY: Final = "none"


def subscribers(policy: Policy, local: Callable[[str], str]) -> list[Subscriber]:
    """``local`` is ``Runtime.local``. Raises :class:`CommandRefused`: the setting cannot be read."""
    said = SUBSCRIBERS.text(policy).strip()
    if said == NOBODY:
        return []
    return named(said.split(",")) if said else list(_own(local))


def named(given: Sequence[str]) -> list[Subscriber]:
    """Each as ``mllp://host:port`` or ``NAME=mllp://host:port``. Raises :class:`CommandRefused`."""
    return [_one(text.strip()) for text in given if text.strip()]


def _own(local: Callable[[str], str]) -> Iterator[Subscriber]:
    for name, listener in PEERS:
        with suppress(KeyError):
            local(listener)
            yield Subscriber(name, f"{OWN}{listener}")


def _one(text: str) -> Subscriber:
    match = _NAMED.fullmatch(text)
    url = match[2] if match is not None else ""
    try:
        parts = urlsplit(url)
        right = parts.scheme in {"mllp", "mllps"} and bool(parts.hostname) and parts.port is not None
    except ValueError:
        right = False
    if match is None or not right:
        raise CommandRefused(f"{text!r} is no subscriber: write mllp://host:port, mllps://host:port or NAME=URL")
    return Subscriber(match[1] or PRODUCT, url)
