"""The tables: ``world`` leads every key, and no query outside the store's own rooms can forget it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Column, Integer, String, Text

import simulators
from simulators.core.store import Store, metadata, schema, world_table

WITHOUT_WORLD = {"meta", "routing", "worlds"}
PACKAGE = Path(simulators.__file__).resolve().parent
# What may speak to the connection itself: the store, and the registries of what belongs to no world.
TRUSTED = ("core/store/", "core/world.py", "core/snapshots.py", "core/routing.py")
STATEMENTS = {"select", "insert", "update", "delete", "text", "exists", "union", "union_all"}


def test_world_leads_every_primary_key() -> None:
    assert set(metadata.tables) > WITHOUT_WORLD
    for name, table in metadata.tables.items():
        if name not in WITHOUT_WORLD:
            key = [column.name for column in table.primary_key.columns]
            assert key[0] == "world" and len(key) > 1, name
            assert {"snapshot", "key"} <= table.info.keys(), f"{name} is not made by world_table"


def test_no_number_comes_from_a_sequence() -> None:
    for table in metadata.tables.values():
        assert table.autoincrement_column is None, table.name


@pytest.mark.parametrize("key", [(), ("c",), ("a", "c")])
def test_a_key_without_a_column_is_refused(key: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="never_made"):
        world_table("never_made", Column("a", Text), Column("b", Integer), key=key)
    assert "never_made" not in metadata.tables


def test_text_sorts_by_bytes_on_both_databases(store: Store) -> None:
    words = ["B", "a", "é", "z", "_"]
    with store.admin() as connection:
        connection.execute(schema.meta.insert(), [{"name": word, "value": "sorting"} for word in words])
    with store.peek() as connection:
        query = schema.meta.select().where(schema.meta.c.value == "sorting").order_by(schema.meta.c.name)
        assert [row.name for row in connection.execute(query)] == sorted(words)


def test_every_text_column_sorts_by_bytes() -> None:
    for table in metadata.tables.values():
        for column in table.columns:
            if isinstance(column.type, String):
                assert column.type is schema.Text, f"{table.name}.{column.name}"


def modules() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        yield path.relative_to(PACKAGE).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def beyond_a_world(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Uses of what does not add ``world = ...`` by itself."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "sqlalchemy":
            yield from ((node.lineno, f"sqlalchemy.{a.name}") for a in node.names if a.name in STATEMENTS)
        elif isinstance(node, ast.Import):
            yield from ((node.lineno, a.name) for a in node.names if a.name.split(".")[0] == "sqlalchemy")
        elif isinstance(node, ast.Attribute):
            if node.attr in {"exec_driver_sql", "admin"} or (node.attr == "peek" and named(node.value, "store")):
                yield node.lineno, node.attr
            elif node.attr in {"execute", "scalar", "scalars"} and named(node.value, "connection"):
                yield node.lineno, f"connection.{node.attr}"


def named(node: ast.expr, word: str) -> bool:
    name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
    return name.strip("_") == word


def test_no_query_forgets_its_world() -> None:
    """Everything else goes through ``Tx``, which adds the world to every statement."""
    found = {
        f"{name}:{line}: {use}"
        for name, tree in modules()
        if not name.startswith(TRUSTED)
        for line, use in beyond_a_world(tree)
    }
    assert found == set()


@pytest.mark.parametrize(
    "slip",
    [
        "from sqlalchemy import Column, select",
        "import sqlalchemy as sa",
        "def f(store):\n    with store.peek() as c: pass",
        "def f(self):\n    with self._store.peek() as c: pass",
        "def f(self):\n    with self.store.admin('a') as c: pass",
        "def f(tx):\n    tx.connection.execute('x')",
        "def f(tx):\n    tx.connection.exec_driver_sql('x')",
    ],
)
def test_the_slips_are_seen(slip: str) -> None:
    assert list(beyond_a_world(ast.parse(slip)))
