"""Settings of the API: where it listens, its tokens, what it takes at once. Read by `footfall.settings` alone."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from footfall.settings_section import Section


class ApiSettings(Section):
    host: str = Field(default="127.0.0.1", description="Address the API listens on.")
    port: int = Field(default=8000, ge=1, le=65_535, description="Port the API listens on.")
    url: str | None = Field(
        default=None,
        description="Base URL that dashboards, workers and Dagster use; made from host and port.",
    )
    issuer: str = Field(default="footfall", max_length=200, description="`iss` of access tokens.")
    audience: str = Field(default="footfall-api", max_length=200, description="`aud` of access tokens.")
    token_seconds: int = Field(default=900, ge=60, le=86_400, description="Life of an access token.")
    refresh_seconds: int = Field(
        default=1_209_600,
        ge=300,
        le=7_776_000,
        description="A refresh token that was not used for this long has expired.",
    )
    session_seconds: int = Field(
        default=2_592_000,
        ge=300,
        le=31_536_000,
        description="A person signs in anew after this long, however often the session was renewed.",
    )
    switch_seconds: int = Field(
        default=900, ge=60, le=3600, description="Life of a system administrator's visit to another tenant."
    )
    standing_seconds: int = Field(
        default=30,
        ge=0,
        le=300,
        description="How long a process believes what it read of a session while it hears of every change; when it "
        "hears nothing it reads at every request.",
    )
    idempotency_hours: int = Field(
        default=24, ge=1, le=720, description="How long the answer to a request with an Idempotency-Key is kept."
    )
    max_upload_bytes: int = Field(
        default=16_000_000, ge=100_000, le=256_000_000, description="Larger bodies are refused."
    )
    keys_dir: Path | None = Field(default=None, description="Folder of RS256 keys; default <home>/secrets/jwt.")
    vision_at_once: int = Field(
        default=2, ge=1, le=64, description="Photographs analysed at the same time; more wait their turn."
    )
    events_at_once: int = Field(
        default=6, ge=1, le=64, description="Face events recorded at the same time; keep it under the Postgres pool."
    )
    exports_at_once: int = Field(
        default=2,
        ge=1,
        le=64,
        description="CSV exports sent at the same time, each over a Postgres connection of its own; more are answered "
        "with 429.",
    )
    export_seconds: float = Field(
        default=600.0, gt=0, le=86_400, description="An export that its caller has not taken by then is broken off."
    )
    waiting_at_most: int = Field(
        default=32, ge=0, le=1000, description="Requests that may wait for such a turn; more are answered with 429."
    )
    upload_memory_bytes: int = Field(
        default=512_000_000,
        ge=1_000_000,
        description="Memory for bodies under way, at most half of it for one caller; more are answered with 429.",
    )
    upload_seconds: float = Field(
        default=30.0, gt=0, le=600, description="Giving up on an upload that has not arrived after this long."
    )
    streams_at_most: int = Field(default=200, ge=1, le=10_000, description="Live streams open at the same time.")
    streams_per_tenant: int = Field(default=100, ge=1, le=10_000, description="Of them, of one tenant.")
    streams_per_caller: int = Field(default=5, ge=1, le=1000, description="Of them, of one user or key.")
