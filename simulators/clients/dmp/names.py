"""Names shared by the builders of this client."""

from __future__ import annotations

from typing import Final, cast

DEFAULT: Final = cast("str", None)
"""The default namespace prefix: lxml takes ``None``, its stubs do not."""
