"""What assets ask of their resources, and what their groups are called. The resources are orchestration's."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import timedelta
from typing import TYPE_CHECKING, Literal, Protocol

from dagster import AutomationCondition, Backoff, FreshnessPolicy, RetryPolicy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from contracts.expectations.suite import Suite
    from footfall.operations import OperatorServices
    from footfall.record import Record
    from footfall.services import Services
    from footfall.stores.expectations import Examination
    from footfall.stores.postgres.mart_figures import MartFigures

OWNERS = ["team:operations"]

RETRIES = RetryPolicy(max_retries=2, delay=2.0, backoff=Backoff.EXPONENTIAL)
"""Of what fails for a service that is away; `assets.failures` says which failures are not tried again."""

SOURCES = "sources"
GALLERY = "gallery"
CUSTOMERS = "customers"
STAGING = "staging"
MARTS = "marts"
RETENTION = "retention"
MODELS = "models"
NIGHTLY_FRESH = FreshnessPolicy.time_window(fail_window=timedelta(hours=30), warn_window=timedelta(hours=26))
"""Of what every night makes anew."""

HOURLY_FRESH = FreshnessPolicy.time_window(fail_window=timedelta(hours=4), warn_window=timedelta(hours=2))
"""Of what every hour makes anew."""

AFTER_SOUND_DEPS = AutomationCondition.eager() & AutomationCondition.all_deps_blocking_checks_passed()
"""Made anew when what it is made of was, but not from something that a blocking check found to be wrong."""

Holds = Literal["faces", "people", "traffic"]
"""What is in an asset. `faces`: images, templates, or the keys to them. `people`: ids of persons, of whom more is
elsewhere. `traffic`: times and counts of nobody."""

Effect = Literal["records", "rebuilds", "deletes", "reports"]
"""What making an asset does. `records`: nothing, others fill it. `rebuilds`: makes it anew from the record. `deletes`:
takes away for good. `reports`: reads alone."""


def tagged(*, holds: Holds, effect: Effect) -> dict[str, str]:
    """Tags by which Dagster's page finds assets: `tag:effect=deletes`."""
    return {"holds": holds, "effect": effect}


QUALITY = "quality"
DAYS = "days"
ERASURE = "erasure"

POOLS = ("erasure", "gallery", "marts", "quality", "reembedding", "retention")
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


class LooksAtMarts(Protocol):
    def look(self, mart: str) -> MartFigures:
        """What the mart holds now. Raises ConfigurationError and PostgresUnavailableError."""
        ...


class ExaminesTables(Protocol):
    def examine(self, suites: Sequence[Suite]) -> Examination:
        """Holds the suites against their tables. Raises ConfigurationError and PostgresUnavailableError."""
        ...
