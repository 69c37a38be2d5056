"""Providers, clients and accounts as values: what can never work is refused in plain words."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.core.oidc.params import Params
from simulators.hospital_idp import providers, users
from simulators.hospital_idp.clients import Client, odd
from simulators.hospital_idp.model import Shown
from simulators.hospital_idp.names import LISTENER
from simulators.hospital_idp.operations import OPERATIONS, split
from simulators.hospital_idp.providers import Provider
from simulators.hospital_idp.service import service
from simulators.hospital_idp.shown import HeaderRefused, read_shown
from simulators.population import registry
from tests.unit.hospital_idp.room import NURSE, Room


def test_values_survive_their_json() -> None:
    for value in (Provider("x", algorithm="ES256"), Client("c", redirect_uris=("https://a.test/",))):
        assert type(value).from_json(value.to_json()) == value
    user = users.new_user({"login": "a.b", "family": "B", "groups": ["g"]})
    assert users.User.from_json(user.to_json()) == user
    assert user.mail == "a.b@chu.test"


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"name": "CHU"}, "lower-case"),
        ({"name": "../x"}, "lower-case"),
        ({"name": ""}, "lower-case"),
        ({}, "name: missing"),
        ({"name": "x", "algorithm": "none"}, "RS256, ES256"),
        ({"name": "x", "claims_in": "nowhere"}, "both"),
        ({"name": "x", "access_seconds": 0}, "1 to"),
        ({"name": "x", "access_seconds": True}, "whole number"),
        ({"name": "x", "access_seconds": 10**12}, "1 to"),
        ({"name": "x", "rpps_claim": "sub"}, "does not use"),
        ({"name": "x", "rpps_claim": "a b"}, "does not use"),
        ({"name": "x", "rpps_claim": "uid"}, "one name"),
        ({"name": "x", "nmae": "y"}, "unknown field"),
        ({"name": 1}, "a text"),
    ],
)
def test_providers_that_cannot_be(values: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Provider.from_json(values)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"client_id": "a b"}, "visible"),
        ({"client_id": "x" * 256}, "visible"),
        ({"client_id": "x", "auth": "tls_client_auth"}, "client_secret_basic"),
        ({"client_id": "x", "redirect_uris": "https://a.test"}, "list of texts"),
        ({"client_id": "x", "redirect_uris": ["javascript:x"]}, "script"),
        ({"client_id": "x", "post_logout_redirect_uris": ["https://a.test/#f"]}, "fragment"),
        ({"client_id": "x", "jwks": "{"}, "JWK set"),
        ({"client_id": "x", "jwks": '{"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}'}, "public"),
    ],
)
def test_clients_that_cannot_be(values: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Client.from_json(values)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"login": "A B", "family": "X"}, "lower-case"),
        ({"login": "ab", "family": ""}, "family name"),
        ({"login": "ab"}, "family: missing"),
        ({"login": "ab", "family": "X", "rpps": "123"}, "11 digits"),
        ({"login": "ab", "family": "X", "groups": ["a b"]}, "blanks"),
        ({"login": "ab", "family": "X", "mail": "x" * 101}, "100"),
    ],
)
def test_accounts_that_cannot_be(values: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        users.new_user(values)


@given(st.text(max_size=300))
def test_any_text_is_a_client_id_or_odd(text: str) -> None:
    visible = 1 <= len(text) <= 255 and all("!" <= c <= "~" for c in text)
    assert odd(text) is not visible


@given(st.text(max_size=80))
def test_any_authorization_header_is_read_or_refused(text: str) -> None:
    try:
        shown = read_shown({"Authorization": f"Basic {text}"}, Params())
    except HeaderRefused:
        return
    assert shown.client_id
    assert shown.id_in == "header"


@given(st.text(max_size=80))
def test_any_assertion_is_read(text: str) -> None:
    shown = read_shown({}, Params((("client_assertion", text),)))
    assert isinstance(shown, Shown)


@given(st.text(max_size=60))
def test_any_path_is_an_operation_or_none(text: str) -> None:
    provider, operation = split(f"/idp/{text}")
    assert operation is None or operation in OPERATIONS
    assert "/" not in provider


def test_accounts_of_a_world(room: Room) -> None:
    world = room.world()
    with room.store.write(world.name) as tx:
        everybody = users.every(tx)
        logins = [user.login for user in everybody]
        assert logins == sorted(logins)
        assert len(set(logins)) == len(logins)
        by_group = {group for user in everybody for group in user.groups}
        assert {"medecins", "infirmiers", "secretaires", "admins", "sages-femmes"} <= by_group
        secretary = users.named(tx, "medical-secretary")
        assert secretary is not None
        assert secretary.rpps == ""
        assert users.named(tx, "pharmacist") is None, "works in town"
        assert users.find(tx, "") is None
        assert [user.login for user in everybody if user.disabled] == ["ancien.agent"]


def test_homonyms_are_told_apart_and_an_account_that_was_used_keeps_its_login(room: Room) -> None:
    world = room.world()
    with room.store.write(world.name) as tx:
        nurse = registry.professional(tx, NURSE)
        assert nurse is not None
        twin = replace(nurse, slug="twin", ps_idnat=type(nurse.ps_idnat)("899700000070"))
        registry.save_professional(tx, twin)
        before = {user.key: user.login for user in users.every(tx)}
        assert (before["899700000070"], before[NURSE]) == ("ysoinsfictif", "ysoinsfictif2")
        hinted = users.named(tx, "ysoinsfictif2")
        assert hinted is not None
        assert users.settle(tx, hinted).key == NURSE
        assert {user.key: user.login for user in users.every(tx)} == before
        with pytest.raises(ValueError, match="another account"):
            users.save(tx, replace(hinted, login="admin.dpi"))


def test_the_subject_is_stable_and_differs_by_provider(room: Room) -> None:
    worlds = [room.world(), room.world()]
    found = []
    for world in worlds:
        with room.store.read(world.name) as tx:
            user = users.find(tx, NURSE)
            assert user is not None
            found.append((user.subject("chu"), user.subject("clinique")))
    assert found[0] == found[1]
    assert found[0][0] != found[0][1]


def test_each_world_is_born_with_a_client_of_its_own(room: Room) -> None:
    one, two = room.client(room.world()), room.client(room.world())
    assert one.client_id != two.client_id
    assert one.secret != two.secret


def test_the_service_is_a_list() -> None:
    found = service(lambda now: (_ for _ in ()).throw(AssertionError))
    assert [listener.name for listener in found.listeners] == [LISTENER]
    assert found.listeners[0].offset == 22
    assert found.paths["discovery"] == "/idp/chu/.well-known/openid-configuration"
    assert len(found.operations) == len(OPERATIONS)


def test_a_removed_provider_is_gone(room: Room) -> None:
    world = room.world()
    with room.store.write(world.name) as tx:
        assert providers.remove(tx, "chu")
        assert not providers.remove(tx, "chu")
        assert list(providers.every(tx)) == []
