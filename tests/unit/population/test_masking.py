"""A bare number is masked once the message it comes from tells that it looks real."""

from __future__ import annotations

from simulators.population.masking import mask_of

# Department 00 belongs to nobody; under a production authority it is masked all the same.
INS = "185010099900171"
MESSAGE = f"{INS}^^^&1.2.250.1.213.1.4.8&ISO^NH".encode()


def test_a_number_of_the_message_is_masked_wherever_it_is_shown() -> None:
    mask = mask_of(b"nothing here", MESSAGE)
    assert mask(f"found {INS}, again {INS}.") == "found 1850*******, again 1850*******."


def test_other_texts_are_masked_by_their_own_context_only() -> None:
    mask = mask_of(b"")
    assert mask(f"found {INS}") == f"found {INS}"
    assert INS not in mask(MESSAGE.decode())


def test_a_message_of_any_bytes_is_looked_through() -> None:
    assert mask_of(b"\xff\xfe" + MESSAGE)(INS) == "1850*******"
