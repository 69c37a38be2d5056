"""The VIHF value: read whatever the order or the case, places that lead back, and no crash on anything."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from simulators.core.xml import locate
from simulators.dmp import vihf as names
from simulators.dmp.vihf import read_vihf
from tests.support.dmp_messages import AIR, INS, assertion, conditions, td02

ALL = (
    *("Issuer", "Format", "NameID", "ID", "IssueInstant", "Version", "AuthnInstant"),
    *("AuthnContextClassRef", "AuthnContextDecl", names.STRUCTURE, names.SECTOR, names.SUBJECT_ID, names.ROLE),
    *(names.VERSION, names.MODE, names.RESOURCE_ID, names.RESOURCE_URN, names.PURPOSE, names.LPS_ID),
    *(names.LPS_NAME, names.LPS_VERSION, names.LPS_HOMOLOGATION),
)


def test_places_lead_back_into_the_message() -> None:
    root = etree.fromstring(td02())
    token = next(root.iter("{urn:oasis:names:tc:SAML:2.0:assertion}Assertion"))
    vihf = read_vihf(token)
    for name in ALL:
        assert locate(root, vihf.where(name)) is not None, name
    assert locate(root, vihf.where("NotOnOrAfter")) is None
    assert vihf.where("NotOnOrAfter").endswith("saml2:Assertion/saml2:Conditions/@NotOnOrAfter")


def test_values() -> None:
    vihf = read_vihf(etree.fromstring(assertion(AIR.but(conditions=conditions(NotBefore="x")))))
    assert (vihf.structure, vihf.professional, vihf.mode, vihf.air) == (
        *("10B0999009", "899700000013", "INDIRECTE_RENFORCEE"),
        True,
    )
    assert vihf.patient == (INS, "1.2.250.1.213.1.4.10")
    assert vihf.sector == ("SA01", "1.2.250.1.71.4.2.4")
    assert [str(role) for role in vihf.roles] == ["10^1.2.250.1.71.1.2.7", "SM26^1.2.250.1.71.4.2.5"]
    assert vihf.get("NotBefore") == "x"
    assert (vihf.emergency, vihf.secret) == (False, False)


@pytest.mark.parametrize("name", ["Authentification_Mode", "AUTHENTIFICATION_MODE"])
def test_the_mode_is_found_whatever_its_case(name: str) -> None:
    written = assertion().replace("Authentification_mode", name)
    vihf = read_vihf(etree.fromstring(written))
    assert vihf.air
    assert name in vihf.where(names.MODE)


def test_other_names_are_exact() -> None:
    vihf = read_vihf(etree.fromstring(assertion().replace("VIHF_Version", "vihf_version")))
    assert vihf.get(names.VERSION) == ""


def test_a_comment_does_not_cut_an_identity() -> None:
    written = assertion().replace("899700000013", "8997000<!-- -->00013")
    assert read_vihf(etree.fromstring(written)).professional == "899700000013"


def test_order_is_free_and_empty_is_absent() -> None:
    root = etree.fromstring(assertion(AIR.but(lps_version=" ")))
    statement = root.find("{urn:oasis:names:tc:SAML:2.0:assertion}AttributeStatement")
    assert statement is not None
    statement[:] = reversed(statement)
    vihf = read_vihf(root)
    assert vihf.structure == "10B0999009"
    assert names.LPS_VERSION not in vihf.values


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_nothing_missing_crashes(data: st.DataObject) -> None:
    root = etree.fromstring(assertion())
    for _ in range(data.draw(st.integers(1, 6))):
        nodes = [node for node in root.iter() if node is not root]
        if not nodes:
            break
        node = data.draw(st.sampled_from(nodes))
        if data.draw(st.booleans()):
            node.getparent().remove(node)
        else:
            node.text = data.draw(st.text("0123456789^&ABé ", max_size=8))
    vihf = read_vihf(root)
    assert all(isinstance(vihf.where(name), str) for name in ALL)
    assert vihf.patient is None or len(vihf.patient) == 2
