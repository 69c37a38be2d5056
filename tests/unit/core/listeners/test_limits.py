"""Limits are settings: named, numbers above zero, anything else is said."""

from __future__ import annotations

import pytest

from simulators.core.listeners import Limits, StreamLimits, changed, of_stream


def test_named_limits_change_and_the_others_stay() -> None:
    found = changed(Limits(), ["headers_seconds=0.5", "body_bytes=1000", "workers_most=8"])
    assert (found.headers_seconds, found.body_bytes, found.workers_most) == (0.5, 1000, 8)
    assert found.request_seconds == Limits().request_seconds
    assert changed(Limits(), []) == Limits()


@pytest.mark.parametrize(
    "text",
    ["body_bytes=0", "body_bytes=-1", "body_bytes=1.5", "body_bytes=", "headers_seconds=nan", "headers_seconds=inf"],
)
def test_a_limit_is_a_number_above_zero(text: str) -> None:
    with pytest.raises(ValueError, match="above zero"):
        changed(Limits(), [text])


@pytest.mark.parametrize("text", ["nothing=1", "body_bytes", "=1", "", "__class__=1"])
def test_what_is_no_limit_is_said_with_those_that_are(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no limit.*body_bytes"):
        changed(Limits(), [text])


def test_the_pool_cannot_have_more_at_least_than_at_most() -> None:
    with pytest.raises(ValueError, match="more than"):
        changed(Limits(), ["workers_least=9", "workers_most=8"])


def test_a_stream_port_takes_what_was_changed_and_keeps_the_rest() -> None:
    own = StreamLimits(idle_seconds=300.0)
    assert of_stream(own, Limits()) == own
    wanted = changed(Limits(), ["first_byte_seconds=1", "request_seconds=7", "headers_seconds=2"])
    assert of_stream(own, wanted) == StreamLimits(first_byte_seconds=1, unit_seconds=7, idle_seconds=300.0)
