"""The settings as files: what each reader gets back is what the page shows."""

from __future__ import annotations

import json
import shlex

import yaml
from hypothesis import given
from hypothesis import strategies as st

from simulators.assembly.configuration import downloads
from simulators.assembly.configuration.model import Line, Section, flat
from simulators.core.rules import Text

VALUES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30)
WORDS = Text("", "")
PSC = Section(
    "pro_sante_connect",
    WORDS,
    tuple(
        Line(key, WORDS, value)
        for key, value in {
            "PSC_ISSUER": "https://psc.test/auth/realms/esante-wallet",
            "PSC_DISCOVERY_URL": "https://psc.test/d",
            "PSC_CLIENT_ID": 'a"b',
            "PSC_CLIENT_SECRET": "s: #x",
            "PSC_SCOPE": "openid scope_all",
            "PSC_ACR_VALUES": "eidas1",
        }.items()
    ),
)


def section(value: str) -> list[Section]:
    return [Section("x", WORDS, (Line("A_KEY", WORDS, value),))]


@given(VALUES)
def test_a_shell_reads_the_env_file_back(value: str) -> None:
    line = downloads.env(section(value)).splitlines()[-1] if value else "A_KEY="
    assert "\n" not in value
    assert shlex.split(line)[0] == f"A_KEY={value}"


@given(VALUES)
def test_properties_are_ascii_and_read_back(value: str) -> None:
    text = downloads.properties(section(value))
    assert text.isascii()
    raw = text.splitlines()[1].partition("=")[2]
    units = raw.encode().decode("unicode_escape")
    assert units.encode("utf-16", "surrogatepass").decode("utf-16") == value


def test_json_holds_every_value() -> None:
    found = json.loads(downloads.as_json([PSC]))
    assert found.pop("notice").startswith("SIMULATION") and found == flat([PSC])


def test_spring_is_yaml_with_the_providers_that_run() -> None:
    client = yaml.safe_load(downloads.spring([PSC]))["spring"]["security"]["oauth2"]["client"]
    assert client["registration"]["psc"]["client-id"] == 'a"b'
    assert client["registration"]["psc"]["client-secret"] == "s: #x"
    assert client["registration"]["psc"]["scope"] == ["openid", "scope_all"]
    assert list(client["provider"]) == ["psc"]


def test_apache_gets_the_directives_vendors_use() -> None:
    text = downloads.mod_auth_openidc([PSC])
    assert 'OIDCProviderMetadataURL "https://psc.test/d"' in text
    assert 'OIDCAuthRequestParams "acr_values=eidas1"' in text and 'OIDCClientID "a\\"b"' in text
