"""Which secrets of the settings each part is given, as environment variables. How parts start is elsewhere."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from pydantic import SecretStr

from cli.stack.credentials import Credentials
from footfall.errors import ConfigurationError
from footfall.settings import PREFIX, PostgresSettings, S3Settings

ROLES = ("app", "operator", "transform", "dagster")
DAGSTER_DATABASE = "dagster"  # as footfall.provisioning makes it, which is too heavy for the supervisor to import


class MakeDsn(Protocol):
    def __call__(self, role: str, password: str, database: str | None) -> str: ...


@dataclass(frozen=True, slots=True)
class Database:
    """DSNs of every role. `owner` is None when an administrator made the roles and gave their DSNs alone.

    `ours`: the roles whose passwords the stack made and therefore sets.
    """

    owner: str | None = field(repr=False)
    app: str = field(repr=False)
    operator: str = field(repr=False)
    transform: str = field(repr=False)
    dagster: str = field(repr=False)
    ours: tuple[str, ...]

    def variables(self, *roles: str) -> dict[str, str]:
        """The variables that hand those roles' DSNs to a process."""
        held = {"app": self.app, "operator": self.operator, "transform": self.transform, "dagster": self.dagster}
        return {f"{PREFIX}POSTGRES__{role.upper()}_DSN": held[role] for role in roles}


def resolve_database(
    settings: PostgresSettings, credentials: Credentials, owner_dsn: str | None, dsn_of: MakeDsn
) -> Database:
    """Every role's DSN: the setting's where there is one, else made with a password of ours, which needs the owner's.

    Raises ConfigurationError when a role has neither.
    """
    given = {role: _plain(getattr(settings, f"{role}_dsn")) for role in ROLES}
    ours = tuple(role for role in ROLES if given[role] is None)
    if ours and owner_dsn is None:
        missing = ", ".join(f"{PREFIX}POSTGRES__{role.upper()}_DSN" for role in ours)
        raise ConfigurationError(
            f"With some of Postgres's roles given by DSN, these are missing: {missing}.",
            hint=f"Set them as well, or set {PREFIX}POSTGRES__DSN, from which they are made.",
        )
    passwords = {
        "app": credentials.postgres_app,
        "operator": credentials.postgres_operator,
        "transform": credentials.postgres_transform,
        "dagster": credentials.postgres_dagster,
    }
    dsns = {
        role: given[role] or dsn_of(role_name(role), passwords[role], DAGSTER_DATABASE if role == "dagster" else None)
        for role in ROLES
    }
    return Database(owner=owner_dsn, ours=ours, **dsns)


def role_name(role: str) -> str:
    """The role in Postgres, as migrations and provisioning name it."""
    return f"footfall_{role}"


def s3_variables(endpoint: str | None, access_key: str, secret_key: str) -> dict[str, str]:
    known = {"ENDPOINT": endpoint, "ACCESS_KEY": access_key, "SECRET_KEY": secret_key}
    return {f"{PREFIX}S3__{name}": value for name, value in known.items() if value is not None}


def given_s3_keys(settings: S3Settings) -> tuple[str, str]:
    """The keys of an S3 server that is not ours. Raises ConfigurationError when one is missing."""
    access, secret = _plain(settings.access_key), _plain(settings.secret_key)
    if access is None or secret is None:
        raise ConfigurationError(
            f"{PREFIX}S3__ENDPOINT is set without its keys.",
            hint=f"Set {PREFIX}S3__ACCESS_KEY and {PREFIX}S3__SECRET_KEY, or unset the endpoint.",
        )
    return access, secret


def _plain(value: SecretStr | None) -> str | None:
    return None if value is None else value.get_secret_value()
