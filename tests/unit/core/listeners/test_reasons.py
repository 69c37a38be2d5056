from __future__ import annotations

import ssl

import pytest

from simulators.core.listeners import tls_reasons
from simulators.core.listeners.sniff import Guess, guess
from simulators.core.listeners.tls_reasons import handshake_reason


def _ssl_error(reason: str) -> ssl.SSLError:
    error = ssl.SSLError(1, reason)
    error.reason = reason
    return error


def _verify_error(code: int) -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_code, error.verify_message = code, "words of OpenSSL"
    return error


@pytest.mark.parametrize(
    ("code", "cause"),
    [
        (10, "certificate_expired"),
        (23, "certificate_revoked"),
        (20, "certificate_unknown_ca"),
        (19, "certificate_unknown_ca"),
        (18, "certificate_self_signed"),
        (26, "certificate_wrong_purpose"),
        (47, "certificate_name_not_permitted"),
        (3, "crl_missing"),
        (999, "certificate_verify_999"),
    ],
)
def test_refused_certificates(code: int, cause: str) -> None:
    assert handshake_reason(_verify_error(code)).cause == cause


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (_ssl_error("TLSV1_ALERT_UNKNOWN_CA"), "client_rejected_unknown_ca"),
        (_ssl_error("SSLV3_ALERT_BAD_CERTIFICATE"), "client_rejected_certificate"),
        (_ssl_error("SSLV3_ALERT_CERTIFICATE_UNKNOWN"), "client_rejected_certificate"),
        (_ssl_error("TLSV1_ALERT_PROTOCOL_VERSION"), "client_rejected_version"),
        (_ssl_error("TLSV1_ALERT_USER_CANCELLED"), "client_alert_user_cancelled"),
        (_ssl_error("NO_SHARED_CIPHER"), "no_shared_cipher"),
        (_ssl_error("UNSUPPORTED_PROTOCOL"), "protocol_version"),
        (_ssl_error("PEER_DID_NOT_RETURN_A_CERTIFICATE"), "certificate_missing"),
        (_ssl_error("SOMETHING_NEW"), "handshake_error"),
        (ssl.SSLEOFError(8, "EOF"), "hung_up_in_handshake"),
        (ConnectionResetError(), "hung_up_in_handshake"),
        (ValueError("odd"), "handshake_error"),
    ],
)
def test_other_failures(error: Exception, cause: str) -> None:
    reason = handshake_reason(error)
    assert reason.cause == cause
    assert reason.fr and reason.en and reason.fr != reason.en


def test_aliases_lead_somewhere() -> None:
    assert set(tls_reasons._SAME_VERIFY.values()) <= set(tls_reasons._VERIFY)
    assert set(tls_reasons._SAME_ALERT.values()) <= set(tls_reasons._ALERTS)


@pytest.mark.parametrize(
    ("first", "seen"),
    [
        (b"\x16\x03\x01\x02\x00", Guess.TLS),
        (b"\x16", Guess.TLS),
        (b"\x16\x99", Guess.UNKNOWN),
        (b"GET / HTTP/1.1", Guess.HTTP),
        (b"PO", Guess.HTTP),
        (b"PRI * HTTP/2.0", Guess.HTTP2),
        (b"\x0bMSH", Guess.MLLP),
        (b"ehlo me", Guess.SMTP),
        (b"a1 CAPABILITY", Guess.IMAP),
        (b"hello", Guess.UNKNOWN),
    ],
)
def test_guesses(first: bytes, seen: Guess) -> None:
    assert guess(first) is seen
