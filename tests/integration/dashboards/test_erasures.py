"""Erasures on the administration page: from the request to a certificate that verifies, over a real API and stores."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from contracts.base import TenantId
from contracts.erasure import CameraSubject
from footfall.erasure import carry_out
from footfall.erasure_certificate import jwks_of
from footfall.services import open_services
from footfall.settings import Settings
from footfall.signing_keys import ever_signed
from tests.integration.dashboards.conftest import LiveApi
from tests.integration.dashboards.test_pages import open_page, signed_in


def test_nothing_was_asked_for(live_api: LiveApi) -> None:
    page = open_page(signed_in(live_api), "administration")
    assert not page.exception
    assert "Nobody has asked" in [info.value for info in page.info][-1]


def test_a_request_is_followed_to_its_certificate(live_api: LiveApi, settings: Settings, tmp_path: Path) -> None:
    client = live_api.client
    camera = client.cameras().items[0].camera_id
    now = datetime.now(UTC)
    asked = client.order_erasure(
        CameraSubject(kind="camera", camera_id=camera, since=now - timedelta(hours=2), until=now), "Letter 17"
    )
    page = open_page(signed_in(live_api), "administration")
    assert not page.exception
    assert list(page.dataframe[-1].value["State"]) == ["Asked for"]
    assert "No step has begun yet." in [caption.value for caption in page.caption]

    services = open_services(settings, role="operator")
    carry_out(services, TenantId(client.me().tenant_id), asked.request_id, refresh_marts=lambda: None)
    services.close()
    page = open_page(signed_in(live_api), "administration")
    assert not page.exception
    assert list(page.dataframe[-1].value["State"]) == ["done"] * 7
    assert "nothing was found" in page.success[-1].value

    document = client.purge_certificate(asked.request_id).model_dump_json()
    certificate, changed, keys = (tmp_path / name for name in ("certificate.json", "changed.json", "keys.json"))
    certificate.write_text(document)
    changed.write_text(document.replace('"looked_for":', '"looked_for":1', 1))
    keys.write_text(json.dumps(jwks_of(ever_signed(settings.keys_path))))
    found = verified(certificate, keys)
    assert found.returncode == 0, found.stderr
    assert verified(changed, keys).returncode != 0


def verified(certificate: Path, keys: Path) -> subprocess.CompletedProcess[str]:
    """What the privacy officer's machine says, which knows the public keys alone."""
    command = [sys.executable, "-m", "cli", "purge", "verify", str(certificate), "--jwks", str(keys)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
