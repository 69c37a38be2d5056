"""Which operation a request is for: the name of the element in its Body decides (facts dmp-messages §1.1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Generic, TypeVar

from simulators.core.soap.envelope import SoapRequest
from simulators.core.soap.refusals import SoapRefused
from simulators.core.xml import clark, where

Operation = TypeVar("Operation")


class Dispatch(Generic[Operation]):
    """Element names (``{uri}local``, or ``prefix:local`` of our fixed prefixes) to operations of any kind."""

    def __init__(self, table: Mapping[str, Operation]) -> None:
        self._table = {clark(name): operation for name, operation in table.items()}

    def find(self, request: SoapRequest) -> Operation:
        """The operation of ``request``. Raises :class:`SoapRefused` naming those that exist."""
        name = str(request.body.tag)
        if name in self._table:
            return self._table[name]
        raise SoapRefused(
            "Sender",
            "Cette opération n'est pas offerte à cette adresse.",
            "This operation is not offered at this address.",
            where(request.body),
            found=name,
            expected=", ".join(sorted(self._table)),
        )
