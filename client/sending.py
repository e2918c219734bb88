"""What the parts of `FootfallClient` ask of the whole: sending, and an answer as a model. The whole is `client.api`."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from pydantic import BaseModel

from client.transport import Answer, Model, Parameter, Part


class Sends(Protocol):
    def _get(self, path: str, model: type[Model], **params: Parameter) -> Model: ...

    def _post(
        self,
        path: str,
        model: type[Model],
        *,
        body: BaseModel | None = None,
        parts: Mapping[str, Part] | Sequence[tuple[str, Part]] | None = None,
        params: Mapping[str, Parameter] | None = None,
    ) -> Model: ...

    def _patch(self, path: str, model: type[Model], *, body: BaseModel, version: int) -> Model: ...

    def _send(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Parameter] | None = None,
        body: BaseModel | Mapping[str, object] | None = None,
        parts: Mapping[str, Part] | Sequence[tuple[str, Part]] | None = None,
        headers: Mapping[str, str] | None = None,
        also_answers: Collection[int] = (),
    ) -> Answer: ...
