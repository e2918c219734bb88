"""Settings as the environment variables that they come from, for handing to another process. Reading them is
`footfall.settings`'."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, SecretStr

from footfall.settings import PREFIX, Settings


def settings_environment(settings: Settings, *, secrets: bool) -> dict[str, str]:
    """The variables from which `load_settings` makes equal settings; paths are absolute. Without `secrets`, all but
    the secret ones."""
    found: dict[str, str] = {}
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        if isinstance(value, BaseModel):
            for inner in type(value).model_fields:
                _add(found, f"{name}__{inner}", getattr(value, inner), _default(type(value), inner), secrets=secrets)
        else:
            _add(found, name, value, _default(type(settings), name), secrets=secrets)
    return {**found, f"{PREFIX}HOME": str(settings.home.resolve())}


def _add(found: dict[str, str], name: str, value: object, default: object, *, secrets: bool) -> None:
    if value is None or value == default or (isinstance(value, SecretStr) and not secrets):
        return
    if isinstance(value, SecretStr):
        text = value.get_secret_value()
    elif isinstance(value, Path):
        text = str(value.resolve())
    else:
        text = str(value).lower() if isinstance(value, bool) else str(value)
    found[f"{PREFIX}{name}".upper()] = text


def _default(model: type[BaseModel], name: str) -> object:
    return model.model_fields[name].default
