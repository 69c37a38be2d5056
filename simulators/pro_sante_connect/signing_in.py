"""Who signs in: a professional of the world, or one adopted from a national identifier."""

from __future__ import annotations

import re
from typing import Final

from simulators.core.exchange import Call
from simulators.core.rules import Rule
from simulators.population.adoption import known_professional
from simulators.population.identifiers import is_valid_ps_idnat
from simulators.pro_sante_connect import people
from simulators.pro_sante_connect.people import Person
from simulators.pro_sante_connect.rules import authorization as rules

_EDIT: Final = re.compile(r"ANS[0-9]{14}")


def person_of_hint(
    call: Call, hint: str, where: str, *, unknown: Rule = rules.HINT, form: Rule = rules.HINT_FORM
) -> Person:
    """The person ``hint`` names, adopted where the world allows it. Raises ``Refused``."""
    found = people.person(call.tx, hint)
    if found is not None:
        return found
    if not possible(hint):
        expected = "a national identifier"
        raise call.refusal(form.finding(where, found=hint, expected=expected))
    known_professional(call, hint, where, unknown)
    adopted = people.person(call.tx, hint)
    if adopted is None:
        raise LookupError(hint)
    return adopted


def possible(national_id: str) -> bool:
    """Whether somebody may have that identifier: one of the national forms, be its key wrong, or that of EDIT."""
    shape = is_valid_ps_idnat(national_id)
    return bool(shape) or shape.only_key_wrong or _EDIT.fullmatch(national_id) is not None
