"""The worker's configuration out of its layers: built-in, the API's, a file's, the environment's; each goes before the
one named before it. Whoever stands at the camera has the last word. Applying it is the daemon's."""

from __future__ import annotations

import logging
import os
import tomllib
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from contracts.base import Contract
from contracts.configuration import WorkerConfiguration
from footfall.errors import ConfigurationError
from footfall.settings import Settings
from ingest_daemon.operated import Operated, Tuning

logger = logging.getLogger(__name__)

_NAMES = tuple(WorkerConfiguration.model_fields)
_TIMES = ("detect_every_seconds", "sure_after_seconds", "lost_after_seconds")


class Received(Contract):
    """What the API last said, kept for starts while it is away."""

    version: int
    configuration: WorkerConfiguration


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of a configuration: names of what is in force, of what a closer layer says otherwise, and of what
    takes a restart."""

    version: int
    applied: tuple[str, ...]
    pinned: tuple[str, ...]
    after_restart: tuple[str, ...]


class LayeredConfiguration:
    """Belongs to one daemon. `cache`: remembers what the API says; None where it says nothing. `file`: a TOML
    file with the names of WorkerConfiguration, or None."""

    def __init__(self, settings: Settings, cache: Path | None, file: Path | None) -> None:
        """Raises ConfigurationError for a file that was named and is not there."""
        if file is not None and not file.is_file():
            raise ConfigurationError(
                f"The configuration {file} is not there.", hint="FOOTFALL_INGEST__CONFIG_FILE names it."
            )
        self._settings = settings
        self._cache = cache
        self._file = file
        remembered = None if cache is None else _remembered(cache)
        self._received = remembered or Received(version=0, configuration=WorkerConfiguration())

    @property
    def version(self) -> int:
        """Of what the API last said; 0 when it never has."""
        return self._received.version

    def tuning(self) -> Tuning:
        """Raises ConfigurationError for a file that cannot be read or is not valid."""
        received, local = self._received.configuration, self._local()
        chosen = {name: local.get(name, getattr(received, name)) for name in _NAMES}
        ingest = self._settings.ingest
        return Tuning(
            **{name: getattr(ingest, name) if chosen[name] is None else float(chosen[name]) for name in _TIMES},
            cpu_limit_cores=None if chosen["cpu_limit_cores"] is None else float(chosen["cpu_limit_cores"]),
        )

    def log_level(self) -> str:
        local = self._local().get("log_level", self._received.configuration.log_level)
        return str(local or self._settings.log_level)

    def receive(self, version: int, configuration: WorkerConfiguration) -> None:
        """Takes over what the API says, and remembers it."""
        self._received = Received(version=version, configuration=configuration)
        if self._cache is not None:
            _remember(self._cache, self._received)

    def apply(self, daemon: Operated) -> Applied:
        """Has the daemon follow what holds now. Raises ConfigurationError as `tuning`."""
        waiting = daemon.tune(self.tuning())
        logging.getLogger().setLevel(self.log_level().upper())
        local = self._local()
        said = [name for name in _NAMES if getattr(self._received.configuration, name) is not None]
        pinned = tuple(name for name in said if name in local)
        after_restart = tuple(name for name in said if name in waiting and name not in pinned)
        return Applied(
            version=self.version,
            applied=tuple(name for name in said if name not in pinned and name not in after_restart),
            pinned=pinned,
            after_restart=after_restart,
        )

    def _local(self) -> dict[str, float | str]:
        """What the file says, and the environment over it."""
        found: dict[str, float | str] = {}
        if self._file is not None:
            found.update(_read_file(self._file))
        # What was not set is a default, before which the API goes.
        for name in self._settings.ingest.model_fields_set & set(_NAMES):
            value = getattr(self._settings.ingest, name)
            if value is not None:
                found[name] = value
        if "log_level" in self._settings.model_fields_set:
            found["log_level"] = self._settings.log_level
        return found


def _read_file(path: Path) -> dict[str, float | str]:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
        configuration = WorkerConfiguration.model_validate(document)
    except OSError as error:
        raise ConfigurationError(f"The configuration {path} cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"The configuration {path} is no TOML: {error}.") from error
    except ValidationError as error:
        where = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        raise ConfigurationError(f"The configuration {path} is not valid: {where}.") from error
    return {name: value for name in _NAMES if (value := getattr(configuration, name)) is not None}


def _remembered(cache: Path) -> Received | None:
    try:
        return Received.model_validate_json(cache.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValidationError) as error:
        logger.warning("The configuration that was remembered cannot be read: %s.", type(error).__name__)
        return None


def _remember(cache: Path, received: Received) -> None:
    partial = cache.with_suffix(".partial")
    try:
        cache.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(received.model_dump_json(indent=2))
        partial.replace(cache)
    except OSError as error:
        logger.warning("The configuration could not be remembered: %s.", error.strerror)
