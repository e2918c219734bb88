"""JSON Schemas of the versioned documents, made from their models; `python -m contracts.schemas` writes the committed
ones. Schemas of API bodies are not here: docs/openapi.json has them.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from contracts.base import Contract
from contracts.compatibility import Direction, Json, breaking_changes
from contracts.events import FaceDetectedV1
from contracts.records import CustomerProfileV1, VisitRecordV1

SCHEMAS_DIR = Path(__file__).with_name("schemas")
_DIALECT = "https://json-schema.org/draft/2020-12/schema"


@dataclass(frozen=True, slots=True)
class Document:
    """A versioned document, its model, and who writes it: others (`consumed`) or we (`produced`)."""

    name: str
    model: type[Contract]
    direction: Direction

    @property
    def path(self) -> Path:
        return SCHEMAS_DIR / f"{self.name}.json"


DOCUMENTS = (
    Document("Event.FaceDetected.v1", FaceDetectedV1, "consumed"),
    Document("VisitRecord.v1", VisitRecordV1, "produced"),
    Document("CustomerProfile.v1", CustomerProfileV1, "produced"),
)


def schema_of(document: Document) -> dict[str, Json]:
    """The JSON Schema (2020-12). Of what we produce, fields with a default are always there, hence required."""
    mode: Literal["validation", "serialization"] = "validation" if document.direction == "consumed" else "serialization"
    made = document.model.model_json_schema(mode=mode)
    return {"$schema": _DIALECT, "$id": f"urn:footfall:schema:{document.name}", **made, "title": document.name}


def render(schema: Mapping[str, Json]) -> str:
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def rewrite(folder: Path = SCHEMAS_DIR) -> list[str]:
    """Writes every schema that changed compatibly into `folder` and answers the breaking changes of the others,
    which stay as they are: what breaks a reader needs a new version, not a new v1."""
    folder.mkdir(parents=True, exist_ok=True)
    broken: list[str] = []
    for document in DOCUMENTS:
        target = folder / document.path.name
        schema = schema_of(document)
        committed: Mapping[str, Json] | None = json.loads(target.read_text("utf-8")) if target.exists() else None
        changes = breaking_changes(committed, schema, direction=document.direction) if committed is not None else []
        if changes:
            broken += [f"{document.name} {change}" for change in changes]
        else:
            target.write_text(render(schema), "utf-8")
    return broken


if __name__ == "__main__":
    refused = rewrite()
    for line in refused:
        sys.stderr.write(f"error: {line}\n")
    if refused:
        sys.stderr.write("hint: a breaking change needs a new version of the document, beside this one\n")
    sys.exit(2 if refused else 0)
