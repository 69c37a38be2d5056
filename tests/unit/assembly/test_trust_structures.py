"""``structures.csv``: every row or none, errors precise to the line."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.assembly.trust_kit.structures import MOST_ROWS, read_structures
from simulators.core.pki import Subject

HEAD = "subject;structure\n"


@pytest.mark.parametrize(
    "text",
    [
        f"{HEAD}CN=POSTE-12;10B0999009\n",
        "subject,structure\nCN=POSTE-12,10B0999009\n",
        "\ufeff# our test CA\r\n\r\n Subject ; STRUCTURE \r\n\r\n CN=POSTE-12 ; 10B0999009 \r\n# end",
        f'{HEAD}"CN=POSTE-12";"10B0999009"',
    ],
)
def test_a_row_is_read_as_spreadsheets_write_it(text: str) -> None:
    assert read_structures(text.encode()) == (Subject.of("CN=POSTE-12", "10B0999009"),)


def test_a_whole_name_wants_quotes_where_commas_separate() -> None:
    whole = Subject.of("CN=Dr A,O=EDITEUR,C=FR", "SIM-ANY")
    assert read_structures(f"{HEAD}CN=Dr A,O=EDITEUR,C=FR;SIM-ANY".encode()) == (whole,)
    assert read_structures(b'subject,structure\n"CN=Dr A,O=EDITEUR,C=FR",SIM-ANY') == (whole,)
    with pytest.raises(ValueError, match="line 2: 4 columns, expected 2"):
        read_structures(b"subject,structure\nCN=Dr A,O=EDITEUR,C=FR,SIM-ANY")


def test_a_wrong_key_is_as_welcome_as_on_the_wire() -> None:
    assert read_structures(f"{HEAD}CN=A;10B0999008".encode())[0].struct_idnat == "10B0999008"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "header"),
        ("CN=A;10B0999009", "line 1: expected the header"),
        (f"{HEAD}CN=A;10B0999009\nCN=B", "line 3: 1 columns"),
        (f"{HEAD}\nPOSTE-12;10B0999009", "line 3: 'POSTE-12' is no distinguished name"),
        (f"{HEAD}CN=A;hospital", "line 2: 'hospital' is no structure identifier"),
        (f"{HEAD}CN=A;SIM-OTHER", "line 2: 'SIM-OTHER' is no structure"),
        (f"{HEAD}CN=A;10B0999009\ncn=a;10B0999025", "line 3: this subject was given to another structure"),
        (f'{HEAD}"CN=A;10B0999009', "line 2: "),
    ],
)
def test_an_error_names_its_line(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        read_structures(text.encode())


def test_other_encodings_and_too_many_rows_are_refused() -> None:
    with pytest.raises(ValueError, match="line 2: not UTF-8"):
        read_structures(HEAD.encode() + "CN=Hôpital;10B0999009".encode("latin-1"))
    rows = "".join(f"CN=P{number};10B0999009\n" for number in range(MOST_ROWS + 1))
    with pytest.raises(ValueError, match="more than 10000 rows"):
        read_structures((HEAD + rows).encode())


@given(st.binary(max_size=80))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for head in (b"", HEAD.encode()):
        with contextlib.suppress(ValueError):
            read_structures(head + data)
