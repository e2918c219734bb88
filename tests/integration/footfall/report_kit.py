"""Visits at known times, and the asking for reports on them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from contracts.base import CameraId
from footfall.stores.postgres.analytics import ReportSpan
from tests.integration.footfall.world import World
from tests.vectors import like, person

VIENNA = ZoneInfo("Europe/Vienna")
MONDAY = datetime(2026, 11, 16, tzinfo=VIENNA)
WEEK = (MONDAY, MONDAY + timedelta(days=7))


def span(since: datetime, until: datetime, **which: Any) -> ReportSpan:
    asked: dict[str, Any] = {"whose": "customer", "site_id": None, "allowed_sites": None} | which
    return ReportSpan(since=since, until=until, **asked)


def ask(world: World, report: Callable[..., Any], wanted: ReportSpan, **options: Any) -> Any:
    return report(world.services.engine, world.tenant_id, wanted, **options)


def see(world: World, who: int, at: datetime, *, minutes: float = 2, camera: CameraId | None = None) -> None:
    """A visit of its own, `minutes` long."""
    world.see(like(person(who), 0.9, shot=who), at=at, lasts=timedelta(minutes=minutes), camera=camera)
