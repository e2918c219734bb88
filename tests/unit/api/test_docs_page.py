"""The documentation page shows every operation, asks nothing of the internet and lets nothing through unescaped."""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Any

from api import docs_page
from api.main import create_app
from footfall.settings import Settings


def test_it_shows_every_operation() -> None:
    document = create_app(Settings()).openapi()
    page = docs_page.render(document, "/v1/openapi.json")
    for path, item in document["paths"].items():
        for method in item:
            assert f"{method.upper()} {path}" in page
    assert "Roles: system_admin, tenant_admin" in page
    assert "the parts <code>event</code> (required), <code>image</code>" in page


def test_it_asks_nothing_of_the_internet_and_runs_nothing() -> None:
    page = docs_page.render(create_app(Settings()).openapi(), "/v1/openapi.json")
    assert re.findall(r"https?://", page) == []
    assert "<script" not in page


def test_its_policy_allows_its_own_style_and_nothing_else() -> None:
    page = docs_page.render(create_app(Settings()).openapi(), "/v1/openapi.json")
    [style] = re.findall(r"<style>(.*?)</style>", page, re.S)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in docs_page.CONTENT_SECURITY_POLICY
    assert "default-src 'none'" in docs_page.CONTENT_SECURITY_POLICY


def test_what_the_document_says_is_escaped() -> None:
    evil = "<img src=x>"
    document: dict[str, Any] = {
        "info": {"title": evil, "version": evil, "description": evil},
        "tags": [{"name": evil, "description": evil}],
        "paths": {
            f"/{evil}": {
                "get": {
                    "tags": [evil],
                    "summary": evil,
                    "description": evil,
                    "x-footfall-roles": [evil],
                    "parameters": [{"name": evil, "in": "query", "schema": {"title": evil}}],
                    "requestBody": {"content": {evil: {"schema": {"properties": {evil: {}}}}}},
                    "responses": {evil: {"description": evil, "content": {"a": {"schema": {"$ref": evil}}}}},
                }
            }
        },
    }
    page = docs_page.render(document, evil)
    assert "<img" not in page
    assert page.count("&lt;img") >= 12
