"""The system user that Postgres runs as when root starts the stack, since it refuses root. Nothing else needs it."""

from __future__ import annotations

import errno
import logging
import os
import pwd
import stat
import struct
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from footfall.errors import ConfigurationError

logger = logging.getLogger(__name__)

_USER = "footfall-postgres"
_ACL = "system.posix_acl_access"
# include/uapi/linux/posix_acl_xattr.h and posix_acl.h
_ACL_VERSION = 2
_USER_OBJ, _NAMED_USER, _GROUP_OBJ, _MASK, _OTHER = 0x01, 0x02, 0x04, 0x10, 0x20
_NO_ID = 0xFFFFFFFF
_SEARCH = 1


@dataclass(frozen=True, slots=True)
class SystemUser:
    user_id: int
    group_id: int


def database_user() -> SystemUser | None:
    """None for an ordinary user, who runs Postgres himself; for root a system user without shell or home, made once.

    Raises ConfigurationError when it cannot be made.
    """
    if os.geteuid() != 0:
        return None
    for _ in range(20):
        try:
            entry = pwd.getpwnam(_USER)
            return SystemUser(entry.pw_uid, entry.pw_gid)
        except KeyError:
            failure = _make_user()
        if failure is not None:
            time.sleep(0.1)  # two starters at once: one holds the password file's lock
    raise ConfigurationError(
        f"Postgres refuses to run as root, and its user {_USER} could not be made: {failure}.",
        hint=f"Make it (`useradd --system {_USER}`), start as an ordinary user, or set FOOTFALL_POSTGRES__DSN.",
    )


def _make_user() -> str | None:
    command = ("useradd", "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent")
    try:
        done = subprocess.run(
            (*command, "--shell", "/usr/sbin/nologin", _USER), capture_output=True, text=True, check=False
        )
    except OSError as error:
        return str(error)
    return None if done.returncode == 0 else done.stderr.strip()


def let_reach(target: Path, user: SystemUser) -> None:
    """Lets the user pass through the folders above `target`, and no more than pass.

    A folder that others may not enter (/root) gets an access-list entry of search for this one user; nobody else
    gains anything, and the folder cannot be listed. Raises ConfigurationError where the file system has no lists.
    """
    for folder in reversed(target.resolve().parents):
        status = folder.stat()
        if status.st_mode & stat.S_IXOTH or (status.st_uid == user.user_id and status.st_mode & stat.S_IXUSR):
            continue
        entries = _read_acl(folder, status.st_mode)
        # What an entry grants holds within the mask alone, and a later chmod of the folder narrows the mask.
        mask = next((rights for tag, rights, _ in entries if tag == _MASK), 0)
        if any(tag == _NAMED_USER and who == user.user_id and rights & mask & _SEARCH for tag, rights, who in entries):
            continue
        logger.warning("%s may not be entered by others: letting the user %s pass through it.", folder, _USER)
        _write_acl(folder, entries, user)


def _read_acl(folder: Path, mode: int) -> list[tuple[int, int, int]]:
    """(tag, rights, id) of each entry; those of the mode bits when there is no list."""
    try:
        raw = os.getxattr(folder, _ACL)
    except OSError as error:
        if error.errno != errno.ENODATA:
            raise _no_lists(folder) from error
        return [
            (_USER_OBJ, mode >> 6 & 7, _NO_ID),
            (_GROUP_OBJ, mode >> 3 & 7, _NO_ID),
            (_OTHER, mode & 7, _NO_ID),
        ]
    return list(struct.iter_unpack("<HHI", raw[4:]))


def _write_acl(folder: Path, entries: list[tuple[int, int, int]], user: SystemUser) -> None:
    kept = [entry for entry in entries if (entry[0], entry[2]) != (_NAMED_USER, user.user_id)]
    mask = next((rights for tag, rights, _ in kept if tag == _MASK), None)
    if mask is None:
        mask = next(rights for tag, rights, _ in kept if tag == _GROUP_OBJ)
    kept = [entry for entry in kept if entry[0] != _MASK]
    kept += [(_NAMED_USER, _SEARCH, user.user_id), (_MASK, mask | _SEARCH, _NO_ID)]
    # The kernel wants them in the order of their tags, named users by id.
    packed = b"".join(struct.pack("<HHI", *entry) for entry in sorted(kept, key=lambda entry: (entry[0], entry[2])))
    try:
        os.setxattr(folder, _ACL, struct.pack("<I", _ACL_VERSION) + packed)
    except OSError as error:
        raise _no_lists(folder) from error


def _no_lists(folder: Path) -> ConfigurationError:
    return ConfigurationError(
        f"Postgres runs as the user {_USER}, who may not pass through {folder}.",
        hint=f"Run `chmod o+x {folder}`, put FOOTFALL_HOME elsewhere, or start as an ordinary user.",
    )
