"""Tables of the shared ground, and the way a simulator declares its own.

Every table made by :func:`world_table` has ``world`` as the first column of its primary key. Three
tables belong to no world: ``meta``, ``routing`` (keys that are unique across worlds) and ``worlds``
itself. Instants are stored as whole microseconds since 1970 UTC.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKeyConstraint, Index, Integer, LargeBinary, MetaData, Table
from sqlalchemy import Text as PlainText
from sqlalchemy.sql.schema import SchemaItem

metadata = MetaData()
SCHEMA_VERSION = "1"
PSEUDO_WORLD = "-"
# Sorted by bytes on both databases: with the server's own collation "in order" would differ.
Text = PlainText().with_variant(PlainText(collation="C"), "postgresql")


def world_table(name: str, *items: SchemaItem, key: tuple[str, ...], snapshot: bool = True) -> Table:
    """A table whose primary key is ``(world, *key)``.

    ``snapshot`` is false for what a snapshot or a reset must leave alone (the journal). Text columns
    sort by bytes on both databases. Raises ``ValueError`` when ``key`` names no column.
    """
    columns = {item.name: item for item in items if isinstance(item, Column)}
    if not key or not columns.keys() >= set(key):
        raise ValueError(f"table {name}: no column for the key {key}")
    for column in columns.values():
        if column.name in key:
            column.primary_key = True
            column.nullable = False
        if isinstance(column.type, PlainText) and column.type.collation is None:
            column.type = Text
    world = Column("world", Text, primary_key=True)
    return Table(name, metadata, world, *items, info={"snapshot": snapshot, "key": key})


meta = Table("meta", metadata, Column("name", Text, primary_key=True), Column("value", Text, nullable=False))

worlds = Table(
    "worlds",
    metadata,
    Column("world", Text, primary_key=True),
    Column("epoch", Integer, nullable=False),
    Column("seed", BigInteger, nullable=False),
    Column("offset_us", BigInteger, nullable=False),
    Column("frozen_us", BigInteger),
    Column("policy", Text, nullable=False),
    Column("created_us", BigInteger, nullable=False),
)

routing = Table(
    "routing",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("world", Text, nullable=False),
    ForeignKeyConstraint(["world"], ["worlds.world"], ondelete="CASCADE"),
)

snapshots = world_table(
    "snapshots",
    Column("name", Text),
    Column("created_us", BigInteger, nullable=False),
    Column("offset_us", BigInteger, nullable=False),
    Column("frozen_us", BigInteger),
    Column("policy", Text, nullable=False),
    key=("name",),
    snapshot=False,
)

counters = world_table("counters", Column("name", Text), Column("value", BigInteger, nullable=False), key=("name",))

due = world_table(
    "due",
    Column("id", Text),
    Column("seq", BigInteger, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("payload", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("worker", Text),
    Column("fired_no", BigInteger),
    Column("result", Text),
    key=("id",),
)
Index("due_open", due.c.world, due.c.state, due.c.at_us)

outbox = world_table(
    "outbox",
    Column("id", Text),
    Column("seq", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("payload", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("worker", Text),
    Column("tries", Integer, nullable=False),
    Column("result", Text),
    key=("id",),
)

settings = world_table("settings", Column("name", Text), Column("value", Text, nullable=False), key=("name",))

blobs = world_table("blobs", Column("sha256", Text), Column("data", LargeBinary, nullable=False), key=("sha256",))

triggers = world_table(
    "triggers",
    Column("id", Text),
    Column("seq", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("match", Text, nullable=False),
    Column("params", Text, nullable=False),
    key=("id",),
)

exchanges = world_table(
    "exchanges",
    Column("number", BigInteger),
    Column("epoch", Integer, nullable=False),
    Column("wire_us", BigInteger, nullable=False),
    Column("business_us", BigInteger, nullable=False),
    Column("protocol", Text, nullable=False),
    Column("operation", Text, nullable=False),
    Column("direction", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("verdict", Text, nullable=False),
    Column("marks", Text, nullable=False),
    Column("request_head", Text, nullable=False),
    Column("request", LargeBinary),
    Column("request_sha", Text, nullable=False),
    Column("request_size", BigInteger, nullable=False),
    Column("answer", LargeBinary),
    Column("answer_sha", Text, nullable=False),
    Column("answer_size", BigInteger, nullable=False),
    key=("number",),
    snapshot=False,
)

exchange_keys = world_table(
    "exchange_keys", Column("key", Text), Column("number", BigInteger), key=("key", "number"), snapshot=False
)

journal_blobs = world_table(
    "journal_blobs",
    Column("sha256", Text),
    Column("data", LargeBinary, nullable=False),
    key=("sha256",),
    snapshot=False,
)
