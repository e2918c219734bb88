"""Great Expectations over Postgres: runs suites, counts what does not hold, and writes the pages about it. What is
expected is `contracts.expectations`'.

The connection is footfall_transform's, which reads across tenants and no template, image key or person's name.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

from contracts.expectations.suite import Suite
from footfall.errors import PostgresUnavailableError
from footfall.stores.postgres.engine import read_dsn

_DOCS = "data_docs"
# Counts alone: which row it is, is for whoever may read the record, and not for a page or a log.
_RESULT_FORMAT = {"result_format": "BASIC", "partial_unexpected_count": 0}
_EXTERNAL = re.compile(
    r"<script[^>]*\ssrc=[\"']?https?:[^>]*>\s*</script>"
    r"|<link[^>]*\shref=[\"']?https?:[^>]*>"
    r"|<img[^>]*\ssrc=[\"']?https?:[^>]*>",
    re.IGNORECASE,
)
_STYLE = (
    "<style>body{font:15px/1.5 sans-serif;margin:2rem auto;max-width:70rem}table{border-collapse:collapse;width:100%}"
    "td,th{border:1px solid #ccc;padding:.3rem .6rem;text-align:left}</style></head>"
)


@dataclass(frozen=True, slots=True)
class Broken:
    """Something expected that does not hold. `rows`: how many of those looked at; None where it is not about rows."""

    says: str
    rows: int | None


@dataclass(frozen=True, slots=True)
class SuiteResult:
    """What came of a suite. `broken` is empty when all that is expected holds; `missing`: there is no such table."""

    asset: str
    expectations: int
    broken: tuple[Broken, ...]
    missing: bool = False


@dataclass(frozen=True, slots=True)
class Examination:
    """Results in the order of the suites, and the first of the pages about them."""

    results: tuple[SuiteResult, ...]
    index: Path


def examine(dsn: str, suites: Sequence[Suite], pages: Path) -> Examination:
    """Holds every suite against its table, and puts the pages about all of them in the folder `pages`, in place of
    what lay there. Raises PostgresUnavailableError.
    """
    present = _present(dsn, suites)
    with _context(dsn) as (gx, context, source):
        results = tuple(
            _validated(gx, context, source, suite)
            if suite.table in present
            else SuiteResult(suite.asset, len(suite.expected), (), missing=True)
            for suite in suites
        )
        return Examination(results, _publish(context, pages))


@contextmanager
def _context(dsn: str) -> Iterator[tuple[ModuleType, Any, Any]]:
    """Great Expectations with nothing on disk, that tells nobody, and its data source of this database."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    with warnings.catch_warnings():
        # It still asks Python for modules by their former names.
        warnings.simplefilter("ignore")
        import great_expectations as gx  # noqa: PLC0415 - seconds, which nobody else shall wait for
        from great_expectations.data_context.types.base import ProgressBarsConfig  # noqa: PLC0415

        context = gx.get_context(mode="ephemeral")
        context.enable_analytics(False)
        context.variables.progress_bars = ProgressBarsConfig(globally=False)
        address = read_dsn(dsn).set(drivername="postgresql+psycopg2").render_as_string(hide_password=False)
        source = context.data_sources.add_postgres("footfall", connection_string=address)
        try:
            yield gx, context, source
        finally:
            source.get_execution_engine().close()
            source.get_engine().dispose()


def _present(dsn: str, suites: Iterable[Suite]) -> set[str]:
    engine = create_engine(read_dsn(dsn).set(drivername="postgresql+psycopg"))
    try:
        with engine.connect() as connection:
            found = connection.execute(
                text("select wanted from unnest(cast(:tables as text[])) as w (wanted) where to_regclass(wanted) > 0"),
                {"tables": [suite.table for suite in suites]},
            )
            return set(found.scalars())
    except OperationalError as error:
        raise PostgresUnavailableError("Postgres does not answer footfall_transform.") from error
    finally:
        engine.dispose()


def _validated(gx: ModuleType, context: Any, source: Any, suite: Suite) -> SuiteResult:
    batch = source.add_query_asset(suite.asset, query=suite.query).add_batch_definition_whole_table("latest")
    made = context.suites.add(gx.ExpectationSuite(name=suite.asset, expectations=configurations(suite)))
    definition = context.validation_definitions.add(gx.ValidationDefinition(name=suite.asset, data=batch, suite=made))
    result = definition.run(result_format=_RESULT_FORMAT)
    broken = [_broken(found) for found in result.results if not found.success]
    return SuiteResult(suite.asset, len(suite.expected), tuple(broken))


def configurations(suite: Suite) -> list[dict[str, Any]]:
    """The suite's expectations in the form in which Great Expectations stores its own."""
    return [
        {
            "type": expected.kind,
            "kwargs": {name: value for name, value in expected.arguments.items() if value is not None},
            "description": expected.says,
        }
        for expected in suite.expected
    ]


def _broken(found: Any) -> Broken:
    raised = found.exception_info
    if isinstance(raised, Mapping) and raised.get("raised_exception"):
        return Broken(f"{found.expectation_config.description} (It could not be looked at.)", None)
    told = found.result
    rows = told.get("unexpected_count", told.get("observed_value"))
    return Broken(str(found.expectation_config.description), rows if isinstance(rows, int) else None)


def _publish(context: Any, pages: Path) -> Path:
    """Builds the site beside its place and then puts it there, so that nobody reads half of one."""
    pages.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=pages.parent, prefix=".data-docs-") as folder:
        fresh = Path(folder) / "site"
        context.add_data_docs_site(
            _DOCS,
            {
                "class_name": "SiteBuilder",
                "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
                "store_backend": {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(fresh)},
            },
        )
        context.build_data_docs(site_names=[_DOCS])
        for page in fresh.rglob("*.html"):
            page.write_text(_of_this_machine(page.read_text(encoding="utf-8")), encoding="utf-8")
        for animation in fresh.rglob("*.gif"):
            animation.unlink()
        former = Path(folder) / "former"
        if pages.exists():
            pages.rename(former)
        fresh.rename(pages)
        shutil.rmtree(former, ignore_errors=True)
    return pages / "index.html"


def _of_this_machine(page: str) -> str:
    """The page without what a browser would fetch from elsewhere: a page on the premises asks nobody outside."""
    return _EXTERNAL.sub("", page).replace("</head>", _STYLE, 1)
