from __future__ import annotations

from datetime import datetime

import pytest

from simulators.core.pki import CATALOGUE, ChainReason, Holder, Pki, Usage, chain_verdict, read_certificate

CLIENT, SIGN, SERVER = Usage.TLS_CLIENT, Usage.SIGNATURE, Usage.TLS_SERVER
EXPECTED = {
    "expired": (CLIENT, ChainReason.EXPIRED),
    "not-yet-valid": (CLIENT, ChainReason.NOT_YET_VALID),
    "revoked": (CLIENT, ChainReason.REVOKED),
    "foreign": (CLIENT, ChainReason.FOREIGN_ISSUER),
    "ou-mismatch": (CLIENT, None),
    "sign-for-tls": (CLIENT, ChainReason.WRONG_USAGE),
    "sign-email-for-tls": (CLIENT, ChainReason.WRONG_USAGE),
    "auth-for-signing": (SIGN, ChainReason.WRONG_USAGE),
    "sign-expired": (SIGN, ChainReason.EXPIRED),
    "sign-revoked": (SIGN, ChainReason.REVOKED),
    "sign-foreign": (SIGN, ChainReason.FOREIGN_ISSUER),
    "sign-ou-mismatch": (SIGN, None),
    "server-expired": (SERVER, ChainReason.EXPIRED),
    "server-revoked": (SERVER, ChainReason.REVOKED),
    "server-foreign": (SERVER, ChainReason.FOREIGN_ISSUER),
    "server-wrong-usage": (SERVER, ChainReason.WRONG_USAGE),
    "server-wrong-name": (SERVER, None),
    "server-forbidden-name": (SERVER, None),
}


def test_every_entry_of_the_catalogue_is_expected_here() -> None:
    assert set(CATALOGUE) == set(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_a_bad_certificate_is_bad_in_its_own_way_only(pki: Pki, holder: Holder, now: datetime, name: str) -> None:
    entry = CATALOGUE[name]
    usage, reason = EXPECTED[name]
    found = read_certificate(entry.make(pki, holder, now).der())
    assert chain_verdict(found, pki.trust(now), now, usage) is reason
    assert entry.purpose.fr != entry.purpose.en and entry.purpose.fr.endswith(".")
    mismatch = "ou-mismatch" in name
    if usage is not SERVER:
        assert (found.struct_idnat != holder.struct_idnat) is mismatch


def test_the_mismatch_is_never_the_holder_itself(pki: Pki, now: datetime) -> None:
    for struct in ("10B0999017", "10B0999025"):
        issued = CATALOGUE["ou-mismatch"].make(pki, Holder(struct, "CENTRE"), now)
        assert read_certificate(issued.der()).struct_idnat not in (None, struct)


def test_the_foreign_hierarchy_is_founded_once_and_never_trusted(new_pki: Pki, now: datetime) -> None:
    assert new_pki.foreign(now).root.certificate == new_pki.foreign(now).root.certificate
    assert new_pki.foreign(now).root.certificate not in new_pki.trust(now).certificates
    assert "AUTRE AC" in new_pki.foreign(now).root.certificate.subject.rfc4514_string()
