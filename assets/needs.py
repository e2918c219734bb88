"""What assets ask of their resources, and what their groups are called. The resources are orchestration's."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from footfall.operations import OperatorServices

OWNERS = ["team:operations"]

SOURCES = "sources"
GALLERY = "gallery"
STAGING = "staging"
MARTS = "marts"


class OpensServices(Protocol):
    def open(self) -> AbstractContextManager[OperatorServices]:
        """The operator's services, opened now and closed on leaving. Raises ConfigurationError."""
        ...
