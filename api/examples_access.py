"""Examples of signing in and of administration, for `api.examples`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from uuid import UUID

from pydantic import SecretStr

from contracts.access import Identity, SwitchRequest, TokenResponse
from contracts.api_keys import ApiKey, ApiKeyPage, NewApiKey
from contracts.base import Contract
from contracts.tenants import Tenant, TenantPage
from contracts.users import User, UserPage

_TENANT = UUID("0b1e5c3e-6f5d-4a59-9a52-6a0c8f1d2e01")
_SITE = UUID("5f2d7f0a-0d0c-4a0b-8a53-2f6e7f5b1a02")
_CAMERA = UUID("c3a1d6a4-3c52-4a1e-9d0a-7d6b5b0f3c03")
_USER = UUID("6e7f8091-a2b3-44c4-95d6-e7f80910210a")
_KEY = UUID("7f8091a2-b3c4-45d5-a6e7-f8091021320b")
_SESSION = UUID("8091a2b3-c4d5-46e6-b7f8-09102132430c")
_TOKEN = "eyJhbGciOiJSUzI1NiIs..."  # noqa: S105 - the beginning of every RS256 token
_PASSWORD = SecretStr("correct horse battery staple")
_MORNING = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)

_USER_SHOWN = User(
    user_id=_USER,
    email="ada@acme.example",
    role="site_manager",
    active=True,
    site_ids=(_SITE,),
    created_at=_MORNING,
    last_login_at=_MORNING,
    version=1,
)
_KEY_SHOWN = ApiKey(
    key_id=_KEY,
    name="Entrance",
    role="worker",
    camera_ids=(_CAMERA,),
    live=True,
    created_at=_MORNING,
    created_by=f"user:{_USER}",
    expires_at=_MORNING.replace(year=2027),
    version=1,
)
_KEY_MADE = NewApiKey(**_KEY_SHOWN.model_dump(), api_key="ffk_<tenant>_<key>_<secret>")
_TENANT_SHOWN = Tenant(
    tenant_id=_TENANT,
    slug="acme",
    name="Acme",
    privacy_mode="identify",
    legal_basis="Consent, form 17",
    retention_days=90,
    smallest_count=5,
    platform=False,
    status="active",
    status_since=_MORNING,
    created_at=_MORNING,
    version=3,
)
_SWITCH = SwitchRequest(tenant_id=_TENANT, reason="Ticket 4711: no visits since Friday")

ACCESS_REQUESTS: Mapping[str, Mapping[str, object]] = MappingProxyType(
    {
        "switchTenant": _SWITCH.model_dump(mode="json"),
        "createUser": {
            "email": "ada@acme.example",
            "password": _PASSWORD.get_secret_value(),
            "role": "site_manager",
            "site_ids": [str(_SITE)],
        },
        "changeUser": {"role": "tenant_admin"},
        "changeOwnPassword": {"current_password": "...", "new_password": _PASSWORD.get_secret_value()},
        "createApiKey": {"name": "Entrance", "role": "worker", "camera_ids": [str(_CAMERA)]},
        "changeApiKey": {"expires_at": "2027-11-22T08:00:00Z"},
        "rotateApiKey": {"overlap_seconds": 3600},
        "changeOwnTenant": {"privacy_mode": "identify", "legal_basis": "Consent, form 17", "retention_days": 90},
        "createTenant": {
            "slug": "acme",
            "name": "Acme",
            "privacy_mode": "staff_only",
            "admin_email": "ada@acme.example",
            "admin_password": _PASSWORD.get_secret_value(),
        },
        "changeTenant": {"status": "suspended"},
    }
)
"""By operation id: the JSON body of the request."""

ACCESS_RESPONSES: Mapping[str, Contract] = MappingProxyType(
    {
        "issueToken": TokenResponse(
            access_token=_TOKEN,
            expires_in=900,
            tenant_id=_TENANT,
            tenant_name="Acme",
            role="tenant_admin",
            refresh_token="ffr_<tenant>_<token>_<secret>",  # noqa: S106 - the form of one
        ),
        "switchTenant": TokenResponse(
            access_token=_TOKEN, expires_in=900, tenant_id=_TENANT, tenant_name="Acme", role="system_admin"
        ),
        "getIdentity": Identity(
            tenant_id=_TENANT,
            tenant_slug="acme",
            tenant_name="Acme",
            role="site_manager",
            subject=f"user:{_USER}",
            email="ada@acme.example",
            site_ids=(_SITE,),
            session_id=_SESSION,
        ),
        "listUsers": UserPage(items=(_USER_SHOWN,)),
        "createUser": _USER_SHOWN,
        "getUser": _USER_SHOWN,
        "changeUser": _USER_SHOWN.model_copy(update={"role": "tenant_admin", "site_ids": (), "version": 2}),
        "listApiKeys": ApiKeyPage(items=(_KEY_SHOWN,)),
        "createApiKey": _KEY_MADE,
        "getApiKey": _KEY_SHOWN,
        "changeApiKey": _KEY_SHOWN.model_copy(update={"version": 2}),
        "rotateApiKey": _KEY_MADE.model_copy(update={"version": 3}),
        "getOwnTenant": _TENANT_SHOWN,
        "changeOwnTenant": _TENANT_SHOWN,
        "listTenants": TenantPage(items=(_TENANT_SHOWN,)),
        "createTenant": _TENANT_SHOWN,
        "getTenant": _TENANT_SHOWN,
        "changeTenant": _TENANT_SHOWN.model_copy(update={"status": "suspended", "version": 4}),
        "requestTenantDeletion": _TENANT_SHOWN.model_copy(update={"status": "deletion_requested", "version": 4}),
    }
)
"""By operation id: the body of the answer."""
