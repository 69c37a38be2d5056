"""What a ClientHello asks for; anything else is nothing, never an exception."""

from __future__ import annotations

import ssl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.assembly.client_hello import ClientHello, read_hello


def hello(name: str | None, least: ssl.TLSVersion, most: ssl.TLSVersion, protocols: tuple[str, ...] = ()) -> bytes:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version, context.maximum_version = least, most
    if protocols:
        context.set_alpn_protocols(list(protocols))
    out = ssl.MemoryBIO()
    client = context.wrap_bio(ssl.MemoryBIO(), out, server_hostname=name)
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    return out.read()


def test_name_versions_and_protocols() -> None:
    octets = hello("dmp.test", ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3, ("h2", "http/1.1"))
    assert read_hello(octets) == ClientHello("dmp.test", ("TLS 1.3", "TLS 1.2"), ("h2", "http/1.1"))
    old = hello(None, ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_2)
    assert read_hello(old) == ClientHello(None, ("TLS 1.2",))


@given(st.binary(max_size=300))
def test_other_octets_are_nothing(octets: bytes) -> None:
    read_hello(octets)
    assert read_hello(b"GET / HTTP/1.1\r\n" + octets) is None


@given(st.data())
def test_a_hello_cut_short_or_spoilt_is_survived(data: st.DataObject) -> None:
    whole = WHOLE
    assert read_hello(whole[: data.draw(st.integers(0, len(whole) - 1))]) is None
    at = data.draw(st.integers(0, len(whole) - 1))
    read_hello(whole[:at] + bytes([data.draw(st.integers(0, 255))]) + whole[at + 1 :])


WHOLE = hello("dmp.test", ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)
