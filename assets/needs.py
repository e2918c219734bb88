"""What assets ask of their resources, and what their groups are called. The resources are orchestration's."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from contracts.expectations.suite import Suite
    from footfall.operations import OperatorServices
    from footfall.record import Record
    from footfall.services import Services
    from footfall.stores.expectations import Examination

OWNERS = ["team:operations"]

SOURCES = "sources"
GALLERY = "gallery"
STAGING = "staging"
MARTS = "marts"
RETENTION = "retention"
MODELS = "models"
QUALITY = "quality"

POOLS = ("gallery", "marts", "reembedding", "retention")
"""Whose runs take turns: two at once would replace what the other builds, or sweep what the other looks at."""


class OpensServices(Protocol):
    def open(self) -> AbstractContextManager[OperatorServices]:
        """The operator's services, opened now and closed on leaving. Raises ConfigurationError."""
        ...


class OpensRecord(Protocol):
    def open(self) -> AbstractContextManager[Record]:
        """Postgres alone, as the operator, opened now and closed on leaving. Raises ConfigurationError."""
        ...


class OpensReembedder(Protocol):
    def open(self) -> AbstractContextManager[Services]:
        """Everything, with the models, as the operator. Raises ConfigurationError and ModelError."""
        ...


class ExaminesTables(Protocol):
    def examine(self, suites: Sequence[Suite]) -> Examination:
        """Holds the suites against their tables. Raises ConfigurationError and PostgresUnavailableError."""
        ...
