"""Masks for people: what console, ``journal``, ``check`` and reports show of identifiers that look real.

A finding quotes a bare number, and a number alone does not tell its authority: so the message it comes from is looked
through first, and what was found there is masked wherever it is shown. Wire and stored bytes are never touched.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from simulators.population.guard import mask, masked_text, real_identifiers

Mask = Callable[[str], str]


def mask_of(*messages: bytes) -> Mask:
    """A function that masks, in any text, the real-looking identifiers of these messages and of the text itself."""
    found = {item.value for message in messages for item in real_identifiers(message.decode("utf-8", "replace"))}
    if not found:
        return masked_text
    longest_first = sorted(found, key=len, reverse=True)
    known = re.compile("|".join(map(re.escape, longest_first)))
    return lambda text: masked_text(known.sub(lambda match: mask(match[0]), text))
