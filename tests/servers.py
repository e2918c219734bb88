"""What the shared fixtures hand to a test. The fixtures themselves are in conftest.py."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from contracts.base import PrivacyMode, TenantId

ADMIN_PASSWORD = "correct-horse-battery"


@dataclass(frozen=True, slots=True)
class MigratedPostgres:
    """A real Postgres, migrated to head, by the DSN of each role. The owner is no superuser."""

    owner_dsn: str = field(repr=False)
    app_dsn: str = field(repr=False)
    operator_dsn: str = field(repr=False)
    transform_dsn: str = field(repr=False)


class TenantFactory(Protocol):
    """Makes a tenant with an administrator; each call another one, its slug made up unless given."""

    def __call__(
        self,
        *,
        privacy_mode: PrivacyMode = ...,
        slug: str | None = None,
        admin_email: str = "admin@example.com",
        admin_password: str = ADMIN_PASSWORD,
    ) -> TenantId: ...
