"""What an installation writes, worked out without touching anything. Writing it is `apply`'s."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from uuid import UUID

import footfall
from footfall.errors import ConfigurationError, InputError

UNIT = PurePosixPath("/etc/systemd/system/footfall-worker.service")
ENVIRONMENT = PurePosixPath("/etc/footfall/worker.env")
STATE = PurePosixPath("/var/lib/footfall")
SERVICE = "footfall-worker.service"
FIRST_CAMERA_MB = 500
"""The daemon's resident memory with one camera lies under 400 MB; the rest is for pictures under way."""
NEXT_CAMERA_MB = 60


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the operator asked for. `sources`: by camera; a URL may hold a password. `command`: the footfall command."""

    api_url: str
    command: Path
    models: Path
    sources: dict[UUID, str]
    cpu_cores: float
    memory_mb: int | None = None


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """`path` on the host, whatever folder stands for its root."""

    path: PurePosixPath
    content: str
    mode: int


def planned_files(wanted: Wanted) -> tuple[PlannedFile, ...]:
    """The unit and its environment. Raises InputError for what would not fit into them."""
    memory_mb = wanted.memory_mb or FIRST_CAMERA_MB + NEXT_CAMERA_MB * max(0, len(wanted.sources) - 1)
    at_home = any(str(path).startswith(("/home/", "/root/")) for path in (wanted.command, wanted.models))
    unit = _filled(
        "footfall-worker.service",
        {
            "ENVIRONMENT": str(ENVIRONMENT),
            "COMMAND": _plain(str(wanted.command)),
            "MEMORY_HIGH": f"{memory_mb * 9 // 10}M",
            "MEMORY_MAX": f"{memory_mb}M",
            "CPU_QUOTA": f"{round(wanted.cpu_cores * 125)}%",
            # Software under somebody's home must be readable there, though nothing of it may be written.
            "PROTECT_HOME": "read-only" if at_home else "yes",
        },
    )
    environment = _filled(
        "worker.env",
        {
            "API_URL": _plain(wanted.api_url),
            "MODELS": _plain(str(wanted.models)),
            "CPU_CORES": f"{wanted.cpu_cores:g}",
        },
    )
    return (
        PlannedFile(UNIT, unit, 0o644),
        PlannedFile(ENVIRONMENT, environment + "".join(_source_lines(wanted.sources)), 0o600),
    )


def _source_lines(sources: dict[UUID, str]) -> list[str]:
    if len(sources) == 1:
        ((camera_id, source),) = sources.items()
        return [
            f"FOOTFALL_INGEST__CAMERA_ID={camera_id}\n",
            f"FOOTFALL_INGEST__SOURCE={_quoted(source)}\n",
        ]
    document = ",".join(f'\\"{camera_id}\\":\\"{_escaped(source)}\\"' for camera_id, source in sources.items())
    return [f'FOOTFALL_INGEST__SOURCES="{{{document}}}"\n'] if sources else []


def _filled(template: str, words: dict[str, str]) -> str:
    text = _template(template)
    for word, value in words.items():
        text = text.replace(f"@{word}@", value)
    return text


def _template(name: str) -> str:
    above = Path(footfall.__file__).parent.parent
    for folder in (above / "deploy" / "systemd", above / "footfall_deploy" / "systemd"):
        if (folder / name).is_file():
            return (folder / name).read_text(encoding="utf-8")
    raise ConfigurationError(f"The template {name} is not installed.", hint="Reinstall Footfall.")


def _plain(value: str) -> str:
    """As it may stand in a unit without quotes."""
    if not value.isprintable() or any(letter in value for letter in " \t\"'\\%$;"):
        raise InputError(
            f"{value!r} cannot stand in a systemd unit.", hint="Use a path and a URL without spaces or signs."
        )
    return value


def _quoted(value: str) -> str:
    return f'"{_escaped(value)}"'


def _escaped(value: str) -> str:
    # EnvironmentFile, systemd.exec(5): within double quotes only these four have a meaning.
    if not value.isprintable():
        raise InputError("A source may not hold control characters.")
    for letter in ("\\", '"', "$", "`"):
        value = value.replace(letter, f"\\{letter}")
    return value
