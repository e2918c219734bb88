"""The table of who may do what as the page docs/access.md. The table itself is `api.auth`'s."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

from api.auth import ACCESS, UNLIMITED, Access, permitted
from api.rate_limits import class_of
from contracts.base import Role

_HEADER = """# Who may do what

Every operation of the API by role. Written by `footfall access --write docs/access.md` from the table in
`api/auth.py`, which is what is enforced, in one place, before every route; a test holds this page to it, and another
asks the running API every route as every role.

- **system_admin**: a person of a platform tenant (`footfall tenant create --platform`). There they are what a
  tenant_admin is, and administer tenants besides. Of another tenant they see the record, and its data only after
  `POST /v1/auth/switch` with a reason: an access token of minutes whose claim `act` names them, recorded in both
  tenants' audit logs.
- **tenant_admin**: everything of their tenant.
- **site_manager**: reads what belongs to their sites, and what belongs to no site. Another site's records are answered
  as if they did not exist.
- **worker**: sends for the cameras of its API key and reads them. Another camera is answered as if it did not exist.

What is another tenant's does not exist for anybody: Postgres itself shows no row of it
([roles and row-level security](adr/roles-and-row-level-security.md)). `public` needs no access token. `limit` names
the [rate](settings.md) that an operation counts under, `FOOTFALL_LIMITS__<LIMIT>_PER_MINUTE`.
"""


def access_page(table: Mapping[tuple[str, str], Access] = ACCESS) -> str:
    """The page as Markdown; operations in the order of their paths."""
    roles = get_args(Role)
    lines = [
        _HEADER,
        f"| operation | limit | {' | '.join(roles)} |",
        f"| --- | --- |{' :---: |' * len(roles)}",
    ]
    for (method, path), access in sorted(table.items(), key=lambda entry: (entry[0][1], entry[0][0])):
        who = ["public"] * len(roles) if access == "public" else ["✓" if permitted(r, access) else "" for r in roles]
        lines.append(f"| `{method} {path}` | {_limit(method, path, access)} | {' | '.join(who)} |")
    return "\n".join(lines) + "\n"


def _limit(method: str, path: str, access: Access) -> str:
    if path in UNLIMITED or method == "WEBSOCKET":
        return "none"
    kind = class_of(method, path)
    return kind if access != "public" or kind == "login" else "address"
