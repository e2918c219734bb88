"""From settings to the plan of a whole stack: what is ours, who listens where, who is told what."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from cli.stack.credentials import Credentials
from cli.stack.environment import Database, given_s3_keys, resolve_database, s3_variables
from cli.stack.parts.base import LOOPBACK, Health, Launch, base_environment
from cli.stack.parts.milvus import MilvusPart
from cli.stack.parts.orchestrator import Orchestrator
from cli.stack.parts.postgres import PostgresPart
from cli.stack.parts.probes import http_health, milvus_health, postgres_health, s3_health
from cli.stack.parts.seaweed import SeaweedPart, SeaweedPorts
from cli.stack.parts.web import api_part, dashboards_part, ingest_part
from cli.stack.plan import Chore, External, Idle, Plan, Planned, Task
from cli.stack.ports import PortBook
from footfall.environment import settings_environment
from footfall.errors import ConfigurationError
from footfall.settings import PREFIX, Settings

_EXPIRY_SECONDS = 3_600.0
_IN_MEMORY = f"{PREFIX}OFFLINE is set: each process has a stand-in of its own in memory"


def wire(settings: Settings, credentials: Credentials, ports: PortBook) -> Plan:
    """The plan for `settings`, whose home is absolute.

    Raises ConfigurationError for settings that do not go together. Does no I/O but trying ports.
    """
    postgres, database = _postgres(settings, credentials, ports)
    milvus, milvus_told = _milvus(settings, ports)
    s3, s3_told = _s3(settings, credentials, ports)
    common = settings_environment(settings, secrets=False)
    stores = {**milvus_told, **s3_told}
    port = ports.port("api", settings.api.port) if settings.api.url is None else settings.api.port
    address = {
        f"{PREFIX}API__HOST": settings.api.host,
        f"{PREFIX}API__PORT": str(port),
        f"{PREFIX}API__URL": settings.api.url or f"http://{settings.api.host}:{port}",
    }
    site = _Site(
        settings=settings,
        ports=ports,
        api_port=port,
        api_url=address[f"{PREFIX}API__URL"],
        schema_environment=_schema_environment(common, database),
        api_environment={
            **common,
            **database.variables("app"),
            **stores,
            **address,
            **_limits(settings),
            **_master_key(settings),
        },
        worker_environment={**common, **address},
        code_environment={
            **common,
            **database.variables("operator", "transform", "dagster"),
            **stores,
            **address,
            **_master_key(settings),
        },
        database=database,
    )
    parts = [
        postgres,
        milvus,
        s3,
        *_expiry(s3),
        _schema(site),
        _api(site),
        _dashboards(site),
        *_dagster(site),
        _ingest(site),
    ]
    environments = {
        "schema": site.schema_environment,
        "api": site.api_environment,
        "dagster-code": site.code_environment,
        "ingest": site.worker_environment,
    }
    return Plan(tuple(parts), dict(ports.chosen), environments)


@dataclass(frozen=True, slots=True)
class _Site:
    """What the parts above the stores are made from."""

    settings: Settings
    ports: PortBook
    api_port: int
    api_url: str
    database: Database
    schema_environment: Mapping[str, str] = field(repr=False)
    api_environment: Mapping[str, str] = field(repr=False)
    worker_environment: Mapping[str, str] = field(repr=False)
    code_environment: Mapping[str, str] = field(repr=False)

    @property
    def home(self) -> Path:
        return self.settings.home


def _external(name: str, url: str | None, probe: Callable[[], Health]) -> Planned:
    """Somebody else's server is up already, or about to be: waiting long for it would only hide a wrong address."""
    return Planned(External(name, url, probe), start_seconds=10.0)


def _postgres(settings: Settings, credentials: Credentials, ports: PortBook) -> tuple[Planned, Database]:
    given = settings.postgres
    if given.dsn is None and given.app_dsn is None:
        part = PostgresPart(
            settings.home / "postgres",
            ports.port("postgres", settings.stack.postgres_port),
            superuser_password=credentials.postgres_superuser,
            owner_password=credentials.postgres_owner,
        )
        return Planned(part), resolve_database(given, credentials, part.owner_dsn, part.dsn)
    owner = None if given.dsn is None else given.dsn.get_secret_value()

    def dsn_of(role: str, password: str, database: str | None) -> str:
        from footfall.provisioning import role_dsn

        return role_dsn(owner or "", role, password, database)

    database = resolve_database(given, credentials, owner, dsn_of)
    # The application's role may have no password yet: the owner's is asked for where it is known.
    return _external("postgres", None, partial(postgres_health, owner or database.app)), database


def _milvus(settings: Settings, ports: PortBook) -> tuple[Planned, dict[str, str]]:
    if settings.offline:
        return Planned(Idle("milvus", _IN_MEMORY)), {}
    if settings.milvus.uri is None:
        part = MilvusPart(settings.home / "milvus", ports.port("milvus", settings.stack.milvus_port))
        return Planned(part), {f"{PREFIX}MILVUS__URI": part.url}
    uri = settings.milvus.uri
    token = None if settings.milvus.token is None else settings.milvus.token.get_secret_value()
    told = {f"{PREFIX}MILVUS__URI": uri} | ({} if token is None else {f"{PREFIX}MILVUS__TOKEN": token})
    return _external("milvus", uri, partial(milvus_health, uri, token=token)), told


def _limits(settings: Settings) -> dict[str, str]:
    """Where the API counts requests, when not in its own memory; the address may hold a password."""
    storage = settings.limits.storage
    return {} if storage is None else {f"{PREFIX}LIMITS__STORAGE": storage.get_secret_value()}


def _master_key(settings: Settings) -> dict[str, str]:
    """Of the faces, where it is not in a file, for those who read and write faces."""
    key = settings.vault.master_key
    return {} if key is None else {f"{PREFIX}VAULT__MASTER_KEY": key.get_secret_value()}


def _s3(settings: Settings, credentials: Credentials, ports: PortBook) -> tuple[Planned, dict[str, str]]:
    if settings.offline:
        return Planned(Idle("s3", _IN_MEMORY)), {}
    if settings.s3.endpoint is None:
        inner = ("s3-grpc", "s3-filer", "s3-filer-grpc", "s3-master", "s3-master-grpc", "s3-volume", "s3-volume-grpc")
        part = SeaweedPart(
            settings.home / "s3",
            SeaweedPorts(ports.port("s3", settings.stack.s3_port), *(ports.port(name) for name in inner)),
            access_key=credentials.s3_access_key,
            secret_key=credentials.s3_secret_key,
            internal_key=credentials.s3_internal_key,
        )
        return Planned(part), s3_variables(part.endpoint, credentials.s3_access_key, credentials.s3_secret_key)
    access_key, secret_key = given_s3_keys(settings.s3)
    url = f"{'https' if settings.s3.secure else 'http'}://{settings.s3.endpoint}"
    told = s3_variables(settings.s3.endpoint, access_key, secret_key)
    return _external("s3", url, partial(s3_health, settings.s3)), told


def _expiry(s3: Planned) -> list[Planned]:
    if not isinstance(s3.part, SeaweedPart):
        return []
    return [Planned(Chore("s3-expiry", s3.part.expiry_launch(), _EXPIRY_SECONDS), needs=("s3",))]


def _schema_environment(common: Mapping[str, str], database: Database) -> dict[str, str]:
    owner = {} if database.owner is None else {f"{PREFIX}POSTGRES__DSN": database.owner}
    return {**common, **owner, **database.variables("app", "operator", "transform", "dagster")}


def _schema(site: _Site) -> Planned:
    argv = (sys.executable, "-m", "cli.stack.schema_task", *site.database.ours)
    launch = Launch(argv, base_environment(site.schema_environment), working_directory=site.home / "run")
    return Planned(Task("schema", launch), needs=("postgres",), start_seconds=120.0)


def _api(site: _Site) -> Planned:
    if site.settings.api.url is not None:
        url = site.settings.api_url
        return _external("api", url, partial(http_health, f"{url}/readyz", name="the API"))
    part = api_part(
        host=site.settings.api.host,
        port=site.api_port,
        environment=site.api_environment,
        folder=site.home / "run",
    )
    return Planned(part, needs=("schema", "milvus", "s3"), start_seconds=180.0)


def _dashboards(site: _Site) -> Planned:
    port = site.ports.port("dashboards", site.settings.stack.dashboards_port)
    part = dashboards_part(port=port, api_url=site.api_url, home=site.home, folder=site.home / "run")
    return Planned(part, needs=("api",))


def _dagster(site: _Site) -> list[Planned]:
    orchestrator = Orchestrator(
        home=site.home,
        folder=site.home / "dagster",
        code_port=site.ports.port("dagster-code"),
        web_port=site.ports.port("dagster-web", site.settings.stack.dagster_port),
        dagster_dsn=site.database.dagster,
    )
    return [
        Planned(orchestrator.code_part(site.code_environment), needs=("schema", "milvus", "s3"), start_seconds=180.0),
        Planned(orchestrator.web_part(), needs=("dagster-code",), start_seconds=180.0),
        Planned(orchestrator.daemon_part(), needs=("dagster-code",), start_seconds=180.0),
    ]


def _ingest(site: _Site) -> Planned:
    ingest = site.settings.ingest
    if ingest.source is None:
        return Planned(Idle("ingest", f"no camera is configured ({PREFIX}INGEST__SOURCE, __CAMERA_ID, __API_KEY)"))
    if ingest.camera_id is None or ingest.api_key is None:
        raise ConfigurationError(
            f"{PREFIX}INGEST__SOURCE needs {PREFIX}INGEST__CAMERA_ID and {PREFIX}INGEST__API_KEY beside it.",
            hint="Make a camera on the API and a key with `footfall apikey create --role worker`.",
        )
    port = site.ports.port("ingest", ingest.port)
    own = {
        f"{PREFIX}INGEST__SOURCE": ingest.source.get_secret_value(),
        f"{PREFIX}INGEST__API_KEY": ingest.api_key.get_secret_value(),
        f"{PREFIX}INGEST__PORT": str(port),
    }
    if ingest.surface_secret is not None:
        own[f"{PREFIX}INGEST__SURFACE_SECRET"] = ingest.surface_secret.get_secret_value()
    part = ingest_part(
        camera_id=str(ingest.camera_id),
        host=LOOPBACK if ingest.host == "localhost" else ingest.host,
        port=port,
        environment={**site.worker_environment, **own},
        folder=site.home / "ingest",
    )
    return Planned(part, needs=("api",))
