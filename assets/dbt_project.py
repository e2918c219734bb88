"""The dbt project on this machine: where it lies, the environment it runs in, its manifest. No asset is made here."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sysconfig
import tempfile
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import footfall
from footfall.errors import ConfigurationError
from footfall.settings import Settings
from footfall.stores.postgres.engine import read_dsn

_PROJECT_FILE = "dbt_project.yml"
_FOLDERS = ("models", "macros", "tests")
_PARSE_SECONDS = 120
_KEPT_MANIFESTS = 3
_LEAST_PASSWORD = 12


def project_dir() -> Path:
    """The project: `dbt` beside the packages in a checkout, `footfall_dbt` in an installed wheel.

    Raises ConfigurationError when it was not installed.
    """
    beside = Path(footfall.__file__).parent.parent
    for name in ("dbt", "footfall_dbt"):  # site-packages' own `dbt` is dbt-core, which has no project file
        if (beside / name / _PROJECT_FILE).is_file():
            return beside / name
    raise ConfigurationError(f"There is no dbt project beside {beside}.", hint="Install Footfall again.")


def target_dir(settings: Settings) -> Path:
    """Where dbt writes: artifacts, logs and its parser's cache. Never the project, which may be read-only."""
    return settings.home.absolute() / "dbt" / "target"


def dbt_executable() -> Path:
    """The dbt of this very environment, wherever PATH leads. Raises ConfigurationError when it is missing."""
    executable = Path(sysconfig.get_path("scripts")) / "dbt"
    if not executable.is_file():
        raise ConfigurationError(
            f"There is no {executable}.", hint="Install dbt-core and dbt-postgres: `make install`."
        )
    return executable


def dbt_environment(settings: Settings) -> dict[str, str]:
    """The variables that dbt and its profile read. Without a DSN dbt can parse, but not run.

    Raises ConfigurationError for a DSN that cannot be read or names no host, which dbt needs, or has a
    password that dbt cannot hide.
    """
    project, target = str(project_dir()), str(target_dir(settings))
    environment = {
        "DBT_PROJECT_DIR": project,
        "DBT_PROFILES_DIR": project,
        "DBT_TARGET_PATH": target,
        "DBT_LOG_PATH": target,
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    }
    if settings.postgres.transform_dsn is None:
        return environment
    url = read_dsn(settings.postgres.transform_dsn.get_secret_value())
    if not url.host or not url.database:
        raise ConfigurationError(
            "FOOTFALL_POSTGRES__TRANSFORM_DSN names no host or no database.",
            hint="Its form is postgresql://user:password@host:port/database.",
        )
    password = url.password or ""
    if 0 < len(password) < _LEAST_PASSWORD:
        raise ConfigurationError(
            f"The password of {url.username} is shorter than {_LEAST_PASSWORD} characters. dbt hides it wherever it "
            "occurs in what it says, in names as well, and then cannot be followed.",
            hint="Give the role a long random password.",
        )
    ssl_mode = url.query.get("sslmode", "prefer")
    return {
        **environment,
        "DBT_FOOTFALL_HOST": url.host,
        "DBT_FOOTFALL_PORT": str(url.port or 5432),
        "DBT_FOOTFALL_USER": url.username or "footfall_transform",
        "DBT_FOOTFALL_DBNAME": url.database,
        "DBT_FOOTFALL_SSLMODE": ssl_mode if isinstance(ssl_mode, str) else ssl_mode[-1],
        "DBT_ENV_SECRET_FOOTFALL_PASSWORD": password,
    }


def load_manifest(settings: Settings) -> Mapping[str, Any]:
    """dbt's description of the project, as `dbt parse` makes it; kept under `<home>/dbt` until the project or the
    database's address changes, which is part of it.

    Needs no database. Safe for several processes at once. Raises ConfigurationError when the project does not parse
    or the home cannot be written.
    """
    kept = settings.home.absolute() / "dbt" / f"manifest-{_fingerprint(settings)}.json"
    try:
        if not kept.is_file():
            kept.parent.mkdir(parents=True, exist_ok=True)
            _parse(settings, kept)
        manifest: dict[str, Any] = json.loads(kept.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(
            f"dbt's manifest cannot be kept in {kept.parent}: {error.strerror}.",
            hint="FOOTFALL_HOME must be a folder that Dagster's code may write.",
        ) from error
    return manifest


def _parse(settings: Settings, kept: Path) -> None:
    with tempfile.TemporaryDirectory(dir=kept.parent, prefix=".parse-") as folder:
        environment = {**os.environ, **dbt_environment(settings), "DBT_TARGET_PATH": folder, "DBT_LOG_PATH": folder}
        parsed = subprocess.run(
            [str(dbt_executable()), "--quiet", "--no-use-colors", "parse"],
            env=environment,
            cwd=project_dir(),
            capture_output=True,
            text=True,
            timeout=_PARSE_SECONDS,
            check=False,
        )
        if parsed.returncode != 0:
            raise ConfigurationError(
                f"The dbt project in {project_dir()} does not parse: {parsed.stdout.strip()[-2000:]}",
                hint="`dbt parse` in that folder says the same.",
            )
        cache = Path(folder) / "partial_parse.msgpack"
        if cache.is_file():  # the first run need not parse again
            target_dir(settings).mkdir(parents=True, exist_ok=True)
            cache.replace(target_dir(settings) / cache.name)
        (Path(folder) / "manifest.json").replace(kept)
    earlier = sorted(kept.parent.glob("manifest-*.json"), key=lambda path: path.stat().st_mtime, reverse=True)
    for stale in earlier[_KEPT_MANIFESTS:]:
        stale.unlink(missing_ok=True)


def _fingerprint(settings: Settings) -> str:
    """Of the project's files, the dbt that reads them and where they are to be run, without the password."""
    digest = hashlib.sha256(f"{version('dbt-core')} {version('dbt-postgres')}".encode())
    for name, value in sorted(dbt_environment(settings).items()):
        if name.startswith("DBT_FOOTFALL_"):
            digest.update(f"\0{name}={value}\0".encode())
    for path in sorted(_project_files()):
        digest.update(f"\0{path.relative_to(project_dir())}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _project_files() -> Iterator[Path]:
    yield from project_dir().glob("*.yml")
    for folder in _FOLDERS:
        for pattern in ("*.sql", "*.yml"):
            yield from (project_dir() / folder).rglob(pattern)
