"""The one seam to the database: :class:`Store` on SQLite or PostgreSQL."""

from simulators.core.store.api import Store, Tx
from simulators.core.store.open import open_store
from simulators.core.store.schema import metadata, world_table

__all__ = ["Store", "Tx", "metadata", "open_store", "world_table"]
