"""``client`` and ``phone``: what a command line says to the control API."""

from __future__ import annotations

from typing import Any

import pytest

from simulators.cli import client, phone
from simulators.cli.main import parser
from simulators.pro_sante_connect.clients import METHODS, Client
from simulators.pro_sante_connect.device import ANSWERS, AUTOMATIC


def test_a_client_as_little_as_possible_is_the_default_client() -> None:
    options = parser("client").parse_args(["client", "add", "produit"])
    assert Client.from_json(client.fields(options)) == Client("produit")


def test_a_client_with_everything() -> None:
    line = "client add produit --name Démo --secret s --auth tls_client_auth --subject-dn CN=x --fingerprint ab"
    line += (
        " --redirect-uri https://a.test/1 --redirect-uri https://a.test/2 --post-logout-redirect-uri https://a.test/"
    )
    line += " --pkce-required --no-ciba --no-introspection --delivery ping --notification-endpoint https://a.test/p"
    made = Client.from_json(client.fields(parser("client").parse_args(line.split())))
    assert made == Client(
        "produit",
        "Démo",
        "s",
        "tls_client_auth",
        "CN=x",
        "ab",
        ("https://a.test/1", "https://a.test/2"),
        ("https://a.test/",),
        pkce_required=True,
        ciba=False,
        introspection=False,
        delivery="ping",
        notification_endpoint="https://a.test/p",
    )
    told = client.told(made.to_json())
    assert "secret s" in told and told.count("redirect_uri https://a.test/") == 3


def test_the_choices_are_those_of_the_room() -> None:
    assert client.AUTH == METHODS
    assert tuple(phone.ANSWERS) == ANSWERS
    assert (*AUTOMATIC, "off") == phone.AUTOMATIC


@pytest.mark.parametrize(
    ("given", "said"),
    [("", {}), ("899700000021", {"person": "899700000021"}), ("a.b.c", {"auth_req_id": "a.b.c"})],
)
def test_whose_request(given: str, said: dict[str, Any]) -> None:
    assert phone.whom(given) == said


@pytest.mark.parametrize("verb", ["approve", "refuse", "ignore", "pin-blocked", "offline"])
def test_an_answer_needs_nobody(verb: str) -> None:
    options = parser("phone").parse_args(["phone", verb, "--world", "t1"])
    assert (options.verb, options.whom, options.world) == (verb, "", "t1")
