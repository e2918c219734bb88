"""The embedded servers and one API process, for benchmarks: started as the stack starts them, in a folder that goes
with them. Nothing is measured here."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import psutil

from cli.stack.environment import s3_variables
from cli.stack.parts.milvus import MilvusPart
from cli.stack.parts.postgres import PostgresPart
from cli.stack.parts.seaweed import SeaweedPart, SeaweedPorts
from cli.stack.parts.web import api_part
from cli.stack.ports import free_ports
from cli.stack.processes import ProcessId
from cli.stack.running import running_part
from contracts.base import TenantId
from footfall import provisioning
from footfall.settings import PREFIX, load_settings

_SLUG, _EMAIL = "benchmark", "admin@example.com"
_ROLES = (provisioning.APP_ROLE, provisioning.OPERATOR_ROLE, provisioning.TRANSFORM_ROLE)


@dataclass(frozen=True, slots=True)
class RunningApi:
    """A tenant that identifies, its administrator, and the processes that serve it."""

    url: str
    tenant_id: TenantId
    tenant: str
    email: str
    password: str = field(repr=False)
    app_dsn: str = field(repr=False)
    owner_dsn: str = field(repr=False)
    api: ProcessId
    stores: tuple[ProcessId, ...]

    def api_cpu_seconds(self) -> float:
        """User and system time that the API's process has taken so far."""
        return _cpu_seconds(psutil.Process(self.api.pid))

    def all_cpu_seconds(self) -> float:
        """Of the API and of every store, their children included."""
        processes = [psutil.Process(process.pid) for process in (self.api, *self.stores)]
        return sum(_cpu_seconds(one) for process in processes for one in (process, *process.children(recursive=True)))


@contextmanager
def running_api(settings: Mapping[str, str]) -> Iterator[RunningApi]:
    """`settings`: of the API, by their names after FOOTFALL_. Raises ServiceUnavailableError when a part does not
    start, and what the provisioning raises."""
    with tempfile.TemporaryDirectory(prefix="footfall-api-", ignore_cleanup_errors=True) as name, ExitStack() as stack:
        folder = Path(name)
        postgres = PostgresPart(
            folder / "postgres",
            free_ports(1)[0],
            superuser_password=secrets.token_hex(16),
            owner_password=secrets.token_hex(16),
        )
        milvus = MilvusPart(folder / "milvus", free_ports(1)[0])
        access_key, secret_key = secrets.token_hex(10), secrets.token_hex(20)
        s3 = SeaweedPart(
            folder / "s3",
            SeaweedPorts(*free_ports(8)),
            access_key=access_key,
            secret_key=secret_key,
            internal_key=secrets.token_hex(20),
        )
        stores = tuple(
            stack.enter_context(running_part(part, folder / f"{part.name}.log")) for part in (postgres, milvus, s3)
        )
        provisioning.upgrade_schema(postgres.owner_dsn)
        passwords = {role: secrets.token_hex(16) for role in _ROLES}
        provisioning.set_role_passwords(postgres.owner_dsn, passwords)
        app_dsn = provisioning.role_dsn(postgres.owner_dsn, provisioning.APP_ROLE, passwords[provisioning.APP_ROLE])
        password = secrets.token_hex(12)
        tenant_id = provisioning.create_tenant(
            postgres.owner_dsn,
            slug=_SLUG,
            name="Benchmark",
            privacy_mode="identify",
            legal_basis="made-up people",
            retention_days=365,
            admin_email=_EMAIL,
            admin_password=password,
        )
        api = api_part(
            host="127.0.0.1",
            port=free_ports(1)[0],
            environment={
                f"{PREFIX}HOME": str(folder / "home"),
                f"{PREFIX}MODELS_DIR": str(load_settings().models_path.absolute()),
                f"{PREFIX}LOG_LEVEL": "info",
                f"{PREFIX}POSTGRES__APP_DSN": app_dsn,
                f"{PREFIX}MILVUS__URI": milvus.url,
                **s3_variables(s3.endpoint, access_key, secret_key),
                **{f"{PREFIX}{setting}": value for setting, value in settings.items()},
            },
            folder=folder / "home",
        )
        process = stack.enter_context(running_part(api, folder / f"api-{uuid4().hex[:6]}.log"))
        assert api.url is not None  # noqa: S101 - a part that serves has an address
        yield RunningApi(api.url, tenant_id, _SLUG, _EMAIL, password, app_dsn, postgres.owner_dsn, process, stores)


def _cpu_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)
