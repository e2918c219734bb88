"""Settings of retention: the installation's terms, where a tenant has none of its own. Read by `footfall.settings`
alone."""

from __future__ import annotations

from pydantic import Field

from footfall.settings_section import Section


class RetentionSettings(Section):
    """Terms in days; none where something is kept until a tenant's own term or an erasure takes it. Customers go by
    their tenant's retention days, raw images by `s3.raw_retention_days` at the latest."""

    audit_days: int | None = Field(
        default=None, ge=30, le=36_500, description="Audit entries go after so many days; none: never."
    )
    event_days: int | None = Field(
        default=None,
        ge=1,
        le=3650,
        description="Sightings and closed visits go from the record after so many days; the marts keep their counts.",
    )
    mart_days: int | None = Field(
        default=None, ge=1, le=36_500, description="Rows of the marts go after so many days; none: never."
    )
    vector_grace_hours: float = Field(
        default=24.0,
        ge=0,
        le=8760,
        description="How long a vector that the record does not know is left alone after it was first found.",
    )
