"""People of the caller's tenant, as its administrators change them, and one's own password."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import fastapi
from fastapi import APIRouter, Request, Response
from pydantic import Field

from api.auth import Caller
from api.client_address import UNKNOWN, limited_as
from api.preconditions import ExpectedVersion, RequiredVersion, Tagged, tag
from api.routes.paging import Contained, PageQuery, page_of
from api.state import State
from contracts.base import UserId
from contracts.users import PasswordChange, User, UserCreate, UserPage, UserPatch, UserRole, UserSort
from footfall import users
from footfall.errors import WrongPasswordError

router = APIRouter(tags=["administration"])


class UserQuery(PageQuery):
    sort: UserSort = Field(default="created_at", description="The order; a `-` before the name turns it around.")
    role: UserRole | None = None
    active: bool | None = None
    email_contains: Contained | None = Field(default=None, description="Part of the e-mail address, in either case.")


@router.get("/v1/users", operation_id="listUsers", summary="List users")
def list_users(query: Annotated[UserQuery, fastapi.Query()], caller: Caller, state: State) -> UserPage:
    """Oldest first, unless sorted otherwise."""
    return users.list_users(
        state.services.engine,
        caller.tenant_id,
        page_of(query, query.sort),
        role=query.role,
        active=query.active,
        email=query.email_contains,
    )


@router.post("/v1/users", operation_id="createUser", summary="Create a user", status_code=201)
async def create_user(user: UserCreate, caller: Caller, state: State, response: Response) -> User:
    """A site_manager sees the sites of `site_ids` and no others. Only a system administrator makes another one."""
    async with state.login_lane.place():
        made = await state.login_lane.run(lambda: users.create(state.services.engine, caller, user))
    response.headers["Location"] = f"/v1/users/{made.user_id}"
    return tag(response, made)


@router.get("/v1/users/{user_id}", operation_id="getUser", summary="Read a user")
def get_user(user_id: UUID, caller: Caller, state: State, tagged: Tagged) -> User:
    return tagged(users.get(state.services.engine, caller.tenant_id, UserId(user_id)))


@router.patch("/v1/users/{user_id}", operation_id="changeUser", summary="Change a user")
async def change_user(
    user_id: UUID, patch: UserPatch, *, caller: Caller, state: State, expected: RequiredVersion, response: Response
) -> User:
    """What they may do changes at once, and access tokens from before are refused. A new password, and being made
    inactive, sign the user out. The last active administrator cannot be taken away."""
    async with state.login_lane.place():
        changed = await state.login_lane.run(
            lambda: users.change(state.services.engine, caller, UserId(user_id), patch, expected=expected)
        )
    state.standing.forget(caller.tenant_id)
    return tag(response, changed)


@router.delete("/v1/users/{user_id}", operation_id="deleteUser", summary="Delete a user", status_code=204)
def delete_user(user_id: UUID, caller: Caller, state: State, expected: ExpectedVersion) -> None:
    """They are signed out at once. The audit log keeps what they did."""
    users.delete(state.services.engine, caller, UserId(user_id), expected=expected)
    state.standing.forget(caller.tenant_id)


@router.post(
    "/v1/users/me/password", operation_id="changeOwnPassword", summary="Change one's own password", status_code=204
)
async def change_own_password(change: PasswordChange, request: Request, caller: Caller, state: State) -> None:
    """Every other session of the caller ends. Wrong current passwords have to wait like failed sign-ins."""
    address = limited_as(request.client.host if request.client else UNKNOWN)
    await state.throttle.admit(caller.subject, address)
    try:
        async with state.login_lane.place():
            await state.login_lane.run(
                lambda: users.change_own_password(
                    state.services.engine,
                    caller,
                    current=change.current_password.get_secret_value(),
                    new=change.new_password.get_secret_value(),
                )
            )
    except WrongPasswordError:
        await state.throttle.failed(caller.subject, address)
        raise
    state.standing.forget(caller.tenant_id)
