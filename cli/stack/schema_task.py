"""Run as `python -m cli.stack.schema_task ROLE...`: migrations, roles' passwords, Dagster's database, then a sign-in
as each role. A process of its own, so that the owner's DSN and Alembic stay out of the supervisor's memory."""

from __future__ import annotations

import sys
from urllib.parse import unquote, urlsplit

from cli.stack.environment import ROLES, role_name
from cli.stack.parts.probes import postgres_health
from footfall import provisioning
from footfall.errors import ConfigurationError, FootfallError, ServiceUnavailableError
from footfall.settings import Settings, load_settings


def prepare_database(settings: Settings, ours: tuple[str, ...]) -> None:
    """`ours`: the roles whose passwords are set to those in the settings' DSNs. Idempotent.

    Raises ConfigurationError and PostgresUnavailableError as provisioning does, and ConfigurationError for a role
    that cannot sign in with its DSN.
    """
    owner = settings.postgres.dsn
    dsns = {role: _dsn(settings, role) for role in ROLES}
    if owner is not None:
        owner_dsn = owner.get_secret_value()
        provisioning.upgrade_schema(owner_dsn)
        passwords = {role: unquote(urlsplit(dsns[role]).password or "") for role in ours}
        dagster = passwords.pop("dagster", None)
        provisioning.set_role_passwords(owner_dsn, {role_name(role): word for role, word in passwords.items()})
        if dagster is not None:
            provisioning.ensure_dagster_database(owner_dsn, dagster)
    for role, dsn in dsns.items():
        health = postgres_health(dsn)
        if not health.ok:
            raise ConfigurationError(
                f"The role of FOOTFALL_POSTGRES__{role.upper()}_DSN cannot sign in: {health.detail}",
                hint="Mend the DSN, or unset it: it is then made from FOOTFALL_POSTGRES__DSN.",
            )


def _dsn(settings: Settings, role: str) -> str:
    dsn = getattr(settings.postgres, f"{role}_dsn")
    if dsn is None:
        raise ConfigurationError(f"FOOTFALL_POSTGRES__{role.upper()}_DSN is not set.")
    return str(dsn.get_secret_value())


if __name__ == "__main__":
    try:
        prepare_database(load_settings(), tuple(sys.argv[1:]))
    except FootfallError as error:
        # The supervisor shows the log's last lines, so the message is all that is written.
        sys.stderr.write(f"{error.message}\n{error.hint or ''}\n")
        sys.exit(3 if isinstance(error, ServiceUnavailableError) else 2)
