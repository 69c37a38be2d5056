"""Environment variables from an endpoints file, for whatever services there are."""

from __future__ import annotations

from typing import Any

import pytest

from simulators.clients.variables import base_url, trusting, variables

FILES = {"certificate": "c.pem", "key": "k.pem", "chain": "ch.pem", "der": "c.cer", "fingerprint": "00"}
DOCUMENT: dict[str, Any] = {
    "console": "http://h:1",
    "control": {"url": "http://127.0.0.1:1/_sandbox", "token": "secret"},
    "trust": {"roots": "roots.pem", "roots_url": "http://h:2/roots.pem", "pem": "..."},
    "services": {
        "dmp": {"patients": "https://h:3/si-dmp-server/v2/services/patients"},
        "pro_sante_connect": {
            "issuer": "https://h:5/auth/realms/esante-wallet",
            "authorization-endpoint": "https://h:4/auth",
        },
        "silent": {},
    },
}


def world(name: str = "w", **more: Any) -> dict[str, Any]:
    held = {"slug": "hospital", "id": "10B0000019", "certificates": {"auth_cli": FILES, "sign": FILES}}
    services = {"dmp": {"patients": f"https://h:3/w/{name}/si-dmp-server/v2/services/patients"}}
    return {"name": name, "structures": [held, {"slug": "adopted", "id": "10B0000020"}], "services": services, **more}


def test_a_world_is_reached_under_its_prefix_and_main_on_the_production_paths() -> None:
    assert variables(DOCUMENT, world())["SEGUR_DMP_PATIENTS"].startswith("https://h:3/w/w/si-dmp-server/")
    assert variables(DOCUMENT, world())["SEGUR_DMP_URL"] == "https://h:3/w/w"
    main = variables(DOCUMENT, world("main"))
    assert main["SEGUR_DMP_PATIENTS"] == "https://h:3/si-dmp-server/v2/services/patients"
    assert main["SEGUR_DMP_URL"] == "https://h:3"


def test_names_are_made_of_whatever_services_and_labels_there_are() -> None:
    found = variables(DOCUMENT, world("main"))
    assert found["SEGUR_PSC_ISSUER"] == "https://h:5/auth/realms/esante-wallet"
    assert found["SEGUR_PSC_AUTHORIZATION_ENDPOINT"] == "https://h:4/auth"
    assert not any(name.startswith("SEGUR_SILENT") for name in found)
    assert "SEGUR_PSC_URL" not in found  # two hosts: neither is the service's
    assert found["SEGUR_TOKEN"] == "secret"
    assert found["SEGUR_ROOTS_URL"] == "http://h:2/roots.pem"
    assert all(name.isidentifier() and name == name.upper() for name in found)


def test_the_files_of_one_structure_are_named() -> None:
    found = variables(DOCUMENT, world())
    assert (found["SEGUR_STRUCTURE"], found["SEGUR_AUTH_CLI_KEY"]) == ("10B0000019", "k.pem")
    assert (found["SEGUR_SIGN_CERTIFICATE"], found["SEGUR_SIGN_CHAIN"]) == ("c.pem", "ch.pem")
    assert variables(DOCUMENT, world(), "10B0000019") == found
    for other in ("adopted", "nobody"):
        assert "SEGUR_AUTH_CLI_KEY" not in variables(DOCUMENT, world(), other)


def test_a_service_without_address_has_no_base() -> None:
    with pytest.raises(KeyError):
        base_url({}, "w")


def test_trusting_names_the_roots_for_every_library() -> None:
    assert set(trusting("r.pem").values()) == {"r.pem"}
    assert "SSL_CERT_FILE" in trusting("r.pem")


def test_the_first_client_of_a_provider_is_named() -> None:
    clients = [{"provider": "pro_sante_connect", "client_id": n, "secret": f"s{n}"} for n in ("one", "two")]
    found = variables(DOCUMENT, world(clients=clients))
    assert (found["SEGUR_PSC_CLIENT_ID"], found["SEGUR_PSC_CLIENT_SECRET"]) == ("one", "sone")
    assert "SEGUR_PSC_CLIENT_ID" not in variables(DOCUMENT, world())
