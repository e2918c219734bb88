"""Settings of how kept faces are sealed. Read by `footfall.settings` alone."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr

from footfall.settings_section import Section


class VaultSettings(Section):
    master_key: SecretStr | None = Field(
        default=None,
        description="The master key that wraps every face's key: 64 hexadecimal digits. It wins over the file.",
    )
    master_key_file: Path | None = Field(
        default=None,
        description="File of the master key; default <home>/secrets/faces.key, which is made when it is not there. "
        "Processes on several machines need the same one.",
    )
    seal: bool = Field(
        default=True,
        description="Seal pictures of faces and stored templates as they are written. 0 only while processes of a "
        "version that cannot read sealed ones still run; `footfall keys seal-stored` makes up for it.",
    )
