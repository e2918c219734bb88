"""How long audit entries, sightings and marts are kept, and taking out what is older. Terms are the tenant's, else the
installation's. Customers' terms are `footfall.anonymising`'s, images' `footfall.retention`'s."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import Connection, Engine

from contracts.base import TenantId
from footfall import audit
from footfall.errors import InputError
from footfall.settings import RetentionSettings
from footfall.stores.postgres import ageing, legal_holds, tenants
from footfall.stores.postgres import commands as worker_commands
from footfall.stores.postgres import retention_terms as table
from footfall.stores.postgres.anonymising import age_quietly
from footfall.stores.postgres.retention_terms import TermsRow
from footfall.tenancy import tenant_transaction

ACTOR = "retention"
BATCH_ROWS = 5_000
"""A transaction's: a second or so, and events go on beside it."""

_LEAST_AUDIT_DAYS, _MOST_DAYS = 30, 36_500

Kind = Literal["audit", "events", "visits", "marts", "answers", "snapshots"]
Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Terms:
    """In days; None: kept. `own`: what of it the tenant itself has set."""

    audit_days: int | None
    event_days: int | None
    mart_days: int | None
    own: TermsRow


@dataclass(frozen=True, slots=True)
class Aged:
    """Rows of one kind of one tenant: what was past its term, and what went, nothing on a dry run. `held`: a legal hold
    keeps some or all of it."""

    tenant_id: TenantId
    slug: str
    kind: Kind
    days: int | None
    rows: int
    deleted: int
    held: bool = False


def terms_of(own: TermsRow, installation: RetentionSettings) -> Terms:
    """The tenant's own, else the installation's."""
    return Terms(
        audit_days=own.audit_days or installation.audit_days,
        event_days=own.event_days or installation.event_days,
        mart_days=own.mart_days or installation.mart_days,
        own=own,
    )


def read_terms(engine: Engine, tenant_id: TenantId, installation: RetentionSettings) -> Terms:
    with tenant_transaction(engine, tenant_id) as connection:
        return terms_of(table.select_terms(connection), installation)


def set_terms(
    engine: Engine,
    tenant_id: TenantId,
    *,
    audit_days: int | None,
    event_days: int | None,
    mart_days: int | None,
    actor: str,
) -> None:
    """The tenant's own terms, all three; None: the installation's. Raises InputError for a term out of bounds."""
    for name, days, least in (
        ("audit", audit_days, _LEAST_AUDIT_DAYS),
        ("event", event_days, 1),
        ("mart", mart_days, 1),
    ):
        most = 3650 if name == "event" else _MOST_DAYS
        if days is not None and not least <= days <= most:
            raise InputError(f"The {name} term is between {least} and {most} days.")
    wanted = TermsRow(audit_days, event_days, mart_days)
    with tenant_transaction(engine, tenant_id) as connection:
        table.upsert_terms(connection, wanted, updated_by=actor)
        audit.record(
            connection,
            actor=actor,
            action="retention.terms_changed",
            subject_kind="tenant",
            subject_id=tenant_id,
            detail={name: value for name, value in asdict(wanted).items() if name != "whole_since"},
        )


def age_records(
    engine: Engine,
    tenant_ids: Sequence[TenantId],
    installation: RetentionSettings,
    *,
    now: datetime,
    dry_run: bool,
    progress: Progress | None = None,
    batch_rows: int = BATCH_ROWS,
) -> list[Aged]:
    """Takes sightings, visits and audit entries past their terms out of the record, and what lapsed of answers kept for
    repeated requests and of snapshots. `engine` is the operator's.

    Every batch is a transaction of its own; killed in between, the next run goes on. What a legal hold keeps stays, of
    the audit log everything from the first entry about somebody held on. Raises PostgresUnavailableError.
    """
    found: list[Aged] = []
    tell = _Told(progress)
    for tenant_id in tenant_ids:
        with tenant_transaction(engine, tenant_id) as connection:
            tenant = tenants.bound(connection)
            terms = terms_of(table.select_terms(connection), installation)
        if tenant is None:
            continue
        work = _Work(engine, tenant_id, tenant.slug, now, dry_run, batch_rows, tell)
        found += [*work.events(terms.event_days), *work.audit(terms.audit_days), *work.lapsed()]
    return found


class _Told:
    """Counts rows over all kinds and tenants."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress
        self._rows = 0

    def __call__(self, rows: int) -> None:
        self._rows += rows
        if self._progress is not None and rows:
            self._progress(self._rows)


@dataclass(frozen=True, slots=True)
class _Work:
    engine: Engine
    tenant_id: TenantId
    slug: str
    now: datetime
    dry_run: bool
    batch_rows: int
    tell: _Told

    def events(self, days: int | None) -> Iterator[Aged]:
        if days is None:
            return
        cutoff = self.now - timedelta(days=days)
        with tenant_transaction(self.engine, self.tenant_id) as connection:
            events, visits = ageing.count_events(connection, cutoff), ageing.count_visits(connection, cutoff)
            sites = ageing.select_sites(connection)
            held = legal_holds.is_held(connection, "tenant", [self.tenant_id])
            if not self.dry_run:
                # Before anything goes: a build of the marts in between must not empty the days that age.
                table.note_whole_since(connection, cutoff, updated_by=ACTOR)
        gone_events = gone_visits = 0
        if not self.dry_run:
            gone_events = sum(self._site_events(site_id, cutoff) for site_id in sites)
            gone_visits = self._all(lambda connection: ageing.delete_visits(connection, cutoff, most=self.batch_rows))
            if gone_events or gone_visits:
                self._record("events.aged", {"events": gone_events, "visits": gone_visits, "days": days})
        yield Aged(self.tenant_id, self.slug, "events", days, events, gone_events, held)
        yield Aged(self.tenant_id, self.slug, "visits", days, visits, gone_visits, held)

    def audit(self, days: int | None) -> Iterator[Aged]:
        if days is None:
            return
        cutoff = self.now - timedelta(days=days)
        with tenant_transaction(self.engine, self.tenant_id) as connection:
            rows = ageing.count_audit(connection, cutoff)
            held = legal_holds.select_standing_subjects(connection)
        deleted = 0
        while rows and not self.dry_run:
            gone = self._shorten(cutoff, days)
            deleted += gone
            self.tell(gone)
            if gone < self.batch_rows:
                break
        yield Aged(self.tenant_id, self.slug, "audit", days, rows, deleted, bool(held))

    def lapsed(self) -> Iterator[Aged]:
        """What nobody can ask for any more."""
        if self.dry_run:
            return
        answers = self._all(lambda connection: ageing.delete_lapsed_answers(connection, most=self.batch_rows))
        with tenant_transaction(self.engine, self.tenant_id) as connection:
            snapshots = worker_commands.delete_expired_snapshots(connection)
        self.tell(snapshots)
        yield Aged(self.tenant_id, self.slug, "answers", None, answers, answers)
        yield Aged(self.tenant_id, self.slug, "snapshots", None, snapshots, snapshots)

    def _site_events(self, site_id: UUID, cutoff: datetime) -> int:
        deleted = 0
        since: datetime | None = None
        while True:
            with tenant_transaction(self.engine, self.tenant_id) as connection:
                legal_holds.hold_still(connection)
                age_quietly(connection)
                gone = ageing.delete_events(connection, site_id, cutoff, since=since, most=self.batch_rows)
            deleted += gone.events
            self.tell(gone.events)
            if gone.events < self.batch_rows:
                return deleted
            since = gone.until

    def _all(self, delete: Callable[[Connection], int]) -> int:
        deleted = 0
        while True:
            with tenant_transaction(self.engine, self.tenant_id) as connection:
                legal_holds.hold_still(connection)
                age_quietly(connection)
                gone = delete(connection)
            deleted += gone
            self.tell(gone)
            if gone < self.batch_rows:
                return deleted

    def _shorten(self, cutoff: datetime, days: int) -> int:
        with tenant_transaction(self.engine, self.tenant_id) as connection:
            legal_holds.hold_still(connection)
            held = legal_holds.select_standing_subjects(connection)
            if any(kind == "tenant" for kind, _ in held):
                return 0
            gone = ageing.shorten_audit(
                connection, cutoff, most=self.batch_rows, held=[subject_id for _, subject_id in held]
            )
            if gone is None:
                return 0
            # The chain itself says where it begins and why: `footfall.audit_chain` asks for this entry.
            audit.record(
                connection,
                actor=ACTOR,
                action="audit.shortened",
                subject_kind="tenant",
                subject_id=self.tenant_id,
                detail={
                    "entries": gone.entries,
                    "days": days,
                    "through_seq": gone.through_seq,
                    "through_link": gone.through_link.hex(),
                },
            )
            return gone.entries

    def _record(self, action: str, detail: dict[str, int]) -> None:
        with tenant_transaction(self.engine, self.tenant_id) as connection:
            audit.record(
                connection,
                actor=ACTOR,
                action=action,
                subject_kind="tenant",
                subject_id=self.tenant_id,
                detail={**detail},
            )
