"""Every fault shipped with the sandbox, by name. A new fault is one file and one line here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property

from simulators.core.faults.fault import Fault


class ShippedFaults(Mapping[str, Fault]):
    """Name to fault, in the order in which an exchange meets their hooks; imported when first asked."""

    def __getitem__(self, name: str) -> Fault:
        return self._faults[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._faults)

    def __len__(self) -> int:
        return len(self._faults)

    @cached_property
    def _faults(self) -> Mapping[str, Fault]:
        from simulators.core.faults import (
            ack_then_close,
            after_commit_before_answer,
            before_commit,
            close,
            corrupt_answer,
            empty_answer,
            half_open,
            http_error,
            latency,
            no_ack,
            outage,
            refuse_connection,
            reset,
            silent,
            slow_down,
            truncate,
            wrong_ack_id,
            wrong_charset,
        )

        files = (
            refuse_connection,
            silent,
            outage,
            http_error,
            slow_down,
            reset,
            close,
            before_commit,
            after_commit_before_answer,
            no_ack,
            half_open,
            latency,
            truncate,
            empty_answer,
            corrupt_answer,
            wrong_charset,
            wrong_ack_id,
            ack_then_close,
        )
        return {file.FAULT.name: file.FAULT for file in files}


FAULTS: Mapping[str, Fault] = ShippedFaults()
