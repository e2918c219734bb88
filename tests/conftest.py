"""Real servers for the tests: one of each for a session, in temporary folders on free ports. Nothing starts unasked.

Every server is bound to this process: it is killed with it, however it ends. Under pytest-xdist each worker has its
own. What the fixtures hand over is described in `tests/servers.py`.
"""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from tests.servers import ADMIN_PASSWORD, MigratedPostgres, TenantFactory

if TYPE_CHECKING:
    from argon2 import PasswordHasher

    from contracts.base import PrivacyMode, TenantId
    from footfall.settings import S3Settings, Settings


@pytest.fixture(scope="session", autouse=True)
def _no_settings_of_the_caller() -> Iterator[None]:
    """A developer's FOOTFALL_ variables neither steer the tests nor let them reach his servers."""
    kept = {name: value for name, value in os.environ.items() if name.startswith("FOOTFALL_")}
    # Where weights and labelled faces lie is the machine's business.
    for name in kept.keys() - {"FOOTFALL_VISION__MIRROR", "FOOTFALL_FACES_DIR"}:
        del os.environ[name]
    # Most tests send templates of people whom no picture shows; a look at one picture in so many would now and then
    # find that out. Tests of that look ask for it.
    os.environ["FOOTFALL_RECOGNITION__RE_EMBED"] = "never"
    yield
    del os.environ["FOOTFALL_RECOGNITION__RE_EMBED"]
    os.environ.update(kept)


@pytest.fixture(scope="session", autouse=True)
def shipped_hasher() -> Iterator[PasswordHasher]:
    """The product's own way to hash passwords, for the tests of it. In all others a hash is of the least cost there is:
    one as it ships takes a fifth of a second of a processor, and each of many hundred tenants has an administrator."""
    from argon2 import PasswordHasher

    from footfall import passwords

    shipped = passwords._hasher
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        yield shipped


@pytest.fixture(scope="session")
def servers_folder() -> Iterator[Path]:
    """A folder of this session's own for servers' data.

    Not pytest's: every pytest that starts as root closes the folder above all of its own to others again, and under
    root Postgres is another user.
    """
    with tempfile.TemporaryDirectory(prefix="footfall-tests-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def postgres(servers_folder: Path) -> Iterator[MigratedPostgres]:
    """The embedded Postgres, migrated to head, its roles with passwords."""
    from cli.stack.parts.postgres import PostgresPart
    from cli.stack.ports import free_ports
    from cli.stack.running import running_part
    from footfall import provisioning

    part = PostgresPart(
        servers_folder / "postgres",
        free_ports(1)[0],
        superuser_password=secrets.token_hex(16),
        owner_password=secrets.token_hex(16),
        durable=False,
    )
    with running_part(part, servers_folder / "postgres.log"):
        owner = part.owner_dsn
        provisioning.upgrade_schema(owner)
        names = (provisioning.APP_ROLE, provisioning.OPERATOR_ROLE, provisioning.TRANSFORM_ROLE)
        passwords = {name: secrets.token_hex(16) for name in names}
        provisioning.set_role_passwords(owner, passwords)
        app, operator, transform = (provisioning.role_dsn(owner, name, passwords[name]) for name in names)
        yield MigratedPostgres(owner_dsn=owner, app_dsn=app, operator_dsn=operator, transform_dsn=transform)


@pytest.fixture(scope="session")
def milvus_uri(servers_folder: Path) -> Iterator[str]:
    """URI of the embedded Milvus Lite server."""
    from cli.stack.parts.milvus import MilvusPart
    from cli.stack.ports import free_ports
    from cli.stack.running import running_part

    part = MilvusPart(servers_folder / "milvus", free_ports(1)[0])
    with running_part(part, servers_folder / "milvus.log"):
        yield part.url


@pytest.fixture(scope="session")
def real_milvus(servers_folder: Path) -> Iterator[str]:
    """URI of a real Milvus server, for the slow runs. Skips where it cannot be installed."""
    from contextlib import ExitStack

    from benchmarks.milvus_server import running_server
    from footfall.errors import ServiceUnavailableError

    with ExitStack() as running:
        try:
            home = Path(__file__).parents[1] / "var"
            uri = running.enter_context(running_server(home, servers_folder / "milvus-server"))
        except ServiceUnavailableError as error:
            pytest.skip(f"no real Milvus here: {error.message}")
        yield uri


@pytest.fixture(scope="session")
def s3(servers_folder: Path) -> Iterator[S3Settings]:
    """Settings of the embedded SeaweedFS; the buckets are not made yet."""
    from cli.stack.parts.seaweed import SeaweedPart, SeaweedPorts
    from cli.stack.ports import free_ports
    from cli.stack.running import running_part
    from footfall.settings import S3Settings

    part = SeaweedPart(
        servers_folder / "s3",
        SeaweedPorts(*free_ports(8)),
        access_key=secrets.token_hex(10),
        secret_key=secrets.token_hex(20),
        internal_key=secrets.token_hex(20),
    )
    with running_part(part, servers_folder / "s3.log"):
        yield S3Settings.model_validate(
            {"endpoint": part.endpoint, "access_key": part.access_key, "secret_key": part.secret_key}
        )


@pytest.fixture
def settings(postgres: MigratedPostgres, milvus_uri: str, s3: S3Settings, models_dir: Path, tmp_path: Path) -> Settings:
    """Settings of a whole installation on the real servers and the real weights, with a home of the test's own."""
    from footfall.settings import load_settings

    return load_settings(
        home=tmp_path,
        models_dir=models_dir,
        postgres={
            "dsn": postgres.owner_dsn,
            "app_dsn": postgres.app_dsn,
            "operator_dsn": postgres.operator_dsn,
            "transform_dsn": postgres.transform_dsn,
        },
        milvus={"uri": milvus_uri},
        s3=s3,
    )


@pytest.fixture(scope="session")
def tenant_factory(postgres: MigratedPostgres) -> TenantFactory:
    """Makes tenants in the session's Postgres."""
    from footfall import provisioning

    def make(
        *,
        privacy_mode: PrivacyMode = "identify",
        slug: str | None = None,
        admin_email: str = "admin@example.com",
        admin_password: str = ADMIN_PASSWORD,
    ) -> TenantId:
        identifies = privacy_mode == "identify"
        return provisioning.create_tenant(
            postgres.owner_dsn,
            slug=slug or f"t-{uuid4().hex[:12]}",
            name="A tenant of the tests",
            privacy_mode=privacy_mode,
            legal_basis="consent" if identifies else None,
            retention_days=30 if identifies else None,
            admin_email=admin_email,
            admin_password=admin_password,
        )

    return make


@pytest.fixture(scope="session")
def models_dir() -> Path:
    """The folder of pulled weights; pulled now when they are not there. Skips where no source answers."""
    from footfall.errors import FootfallError
    from footfall.settings import load_settings
    from footfall.vision.models.pull import pull

    settings = load_settings(home=_project_home())
    try:
        pull(settings, lambda _line: None)
    except FootfallError as error:
        pytest.skip(f"the weights cannot be pulled here: {error}")
    return settings.models_path


@pytest.fixture(scope="session")
def sample_media() -> Path:
    """The folder of the demo's photographs; pulled now when they are not there. Skips where no source answers."""
    from footfall.errors import FootfallError
    from footfall.settings import load_settings
    from footfall.vision.media import pull_sample_media

    target = _project_home() / "media"
    try:
        pull_sample_media(target, load_settings(home=_project_home()), lambda _line: None)
    except FootfallError as error:
        pytest.skip(f"the sample photographs cannot be pulled here: {error}")
    return target


def _project_home() -> Path:
    """`var` of the checkout: weights and photographs are pulled once, for the product and its tests alike."""
    return Path(__file__).parent.parent / "var"
