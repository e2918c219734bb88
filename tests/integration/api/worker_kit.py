"""A worker of a tenant over the API: made by its administrator, registered, and speaking for itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import cv2
import numpy as np

from tests.integration.api.conftest import Tenant
from tests.integration.api.harness import Caller, Json

STARTED = "2026-11-22T08:00:00Z"


@dataclass(frozen=True)
class Host:
    """A registered worker. `own`: the worker as a caller, with its key."""

    tenant: Tenant
    worker_id: str
    name: str
    site_id: str
    camera_id: str
    api_key: str
    own: Caller

    def path(self, *more: str) -> str:
        return "/".join((f"/v1/workers/{self.worker_id}", *more))

    def beat(self, **said: Any) -> Json:
        return self.own.post(self.path("heartbeat"), heartbeat(self.camera_id, **said))

    def command(self, kind: str, **payload: Any) -> Json:
        return self.tenant.admin.post(self.path("commands"), {"command": {"kind": kind, **payload}})

    def snapshot(self) -> Json:
        return self.command("snapshot", camera_id=self.camera_id)

    def state_of(self, command_id: str) -> str:
        found: str = self.tenant.admin.get(self.path("commands", command_id))["state"]
        return found

    def report(self, command_id: str, report: str, image: bytes | None = None) -> Any:
        files: dict[str, Any] = {"report": (None, report, "application/json")}
        if image is not None:
            files["image"] = ("snapshot.jpg", image, "image/jpeg")
        return self.own.ask("POST", self.path("commands", command_id, "result"), files=files)


def heartbeat(camera_id: str, *, connected: bool = True, **said: Any) -> Json:
    camera = {
        "camera_id": camera_id, "running": True, "connected": connected, "fps": 12.5, "frames_dropped": 0,
        "last_frame_at": datetime.now(UTC).isoformat(), "last_frame_age_seconds": 0.1,
    }  # fmt: skip
    outbox = {"pending": 2, "pending_bytes": 4096, "dropped": 0, "dead": 0}
    return {"release": "0.1.0", "started_at": STARTED, "cameras": [camera], "outbox": outbox, **said}


def offered(tenant: Tenant, camera_id: str, **fields: Any) -> Json:
    name = f"host-{uuid4().hex[:8]}"
    return tenant.admin.post("/v1/workers", {"name": name, "camera_ids": [camera_id], **fields})


def registered(tenant: Tenant, *, site_id: str | None = None, **fields: Any) -> Host:
    site = site_id or tenant.site(f"Site {uuid4().hex[:8]}")["site_id"]
    camera_id = tenant.camera(site, f"Door {uuid4().hex[:8]}")["camera_id"]
    offer = offered(tenant, camera_id, **fields)
    nobody = tenant.running.nobody
    key = nobody.post("/v1/workers/register", {"registration_token": offer["registration_token"]})["api_key"]
    return Host(
        tenant, offer["worker"]["worker_id"], offer["worker"]["name"], site, camera_id, key, signed_in(nobody, key)
    )


def signed_in(nobody: Caller, api_key: str) -> Caller:
    token = nobody.post("/v1/auth/token", {"grant_type": "api_key", "api_key": api_key})["access_token"]
    return nobody.with_token(token)


def jpeg(grey: int = 90) -> bytes:
    done, encoded = cv2.imencode(".jpg", np.full((90, 160, 3), grey, np.uint8))
    assert done
    return encoded.tobytes()


def snapshot_report(**changed: Any) -> str:
    import json

    result = {
        "kind": "snapshot", "width": 160, "height": 90, "captured_at": STARTED, "masks": 0, "faces_hidden": 0,
    }  # fmt: skip
    return json.dumps({"state": "succeeded", "result": result, **changed})
