from __future__ import annotations

from base64 import b64encode, encodebytes

from hypothesis import given
from hypothesis import strategies as st

from simulators.core.mail.eicar import eicar
from simulators.mssante.forwarding import forwarded, has_xdm
from simulators.mssante.scanning import infected, values


@given(st.binary(max_size=100), st.binary(max_size=100))
def test_eicar_is_found_at_any_place_of_a_base64_part(before: bytes, after: bytes) -> None:
    file = eicar()
    folded = encodebytes(before + file + after).replace(b"\n", b"\r\n")
    assert infected(b"Subject: x\r\n\r\n" + folded)
    assert infected(b"Subject: x\r\n\r\n" + before + file)
    assert not infected(b64encode(before + file[:40] + after))


def test_values() -> None:
    message = b"X-A: un\r\n  deux\r\nx-a:trois\r\nFrom: \xff\r\n\r\nX-A: corps\r\n"
    assert values(message, "x-a") == ["un  deux", "trois"]
    assert values(message, "from") == ["\ufffd"]
    assert values(b"", "from") == []


def test_forwarded() -> None:
    message = (
        b"From: <a@b.c>\r\nTo: <org@x>,\r\n <z@y>\r\nMessage-ID: <un@t>\r\nSubject: XDM/1.0/DDM+CR\r\n"
        b"Disposition-Notification-To: <a@b.c>\r\nX-MSS-INS: O\r\n\r\nFrom: corps\r\n"
    )
    assert has_xdm(message)
    assert not has_xdm(b"Subject: autre XDM\r\n\r\n")
    assert has_xdm(b'\r\n\r\nContent-Type: application/zip; name="IHE_XDM.zip"\r\n')
    assert forwarded(message, "org@x.y", "app@x.y", "jeton") == (
        b"From: <org@x.y>\r\nTo: <app@x.y>\r\nMessage-ID: <jeton@x.y>\r\nDisposition-Notification-To: <org@x.y>\r\n"
        b"References: <un@t>\r\nSubject: XDM/1.0/DDM+CR\r\nX-MSS-INS: O\r\n\r\nFrom: corps\r\n"
    )
