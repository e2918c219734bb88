"""A sealed file: opened by its passphrase alone, and whole or refused."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cli.backup.sealed import SealedReader, SealedWriter
from footfall.errors import InputError

PASSPHRASE = "correct horse battery"
CHUNK = (1 << 20) + 16
HEAD = len(b"footfall-backup-1\n") + 16 + 7


def seal(path: Path, *parts: bytes) -> Path:
    with SealedWriter(path, PASSPHRASE) as sealed:
        for part in parts:
            sealed.write(part)
    return path


def unseal(path: Path, passphrase: str = PASSPHRASE) -> bytes:
    with SealedReader(path, passphrase) as opened:
        return opened.read()


@pytest.mark.parametrize("size", [0, 1, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 3 << 20])
def test_what_was_sealed_comes_back(tmp_path: Path, size: int) -> None:
    content = os.urandom(size)
    assert unseal(seal(tmp_path / "b", content[: size // 3], content[size // 3 :])) == content


def test_the_file_shows_nothing_of_what_is_in_it_and_is_its_owners_alone(tmp_path: Path) -> None:
    sealed = seal(tmp_path / "b", b"the same secret " * 1000)
    assert b"secret" not in sealed.read_bytes()
    assert sealed.stat().st_mode & 0o077 == 0


def test_another_passphrase_opens_nothing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be opened"):
        unseal(seal(tmp_path / "b", b"x"), "correct horse batterie")


@pytest.mark.parametrize("at", [HEAD, HEAD + CHUNK - 1, HEAD + CHUNK + 5, -1])
def test_a_changed_byte_is_noticed(tmp_path: Path, at: int) -> None:
    sealed = seal(tmp_path / "b", os.urandom(3 << 20))
    content = bytearray(sealed.read_bytes())
    content[at] ^= 1
    sealed.write_bytes(content)
    with pytest.raises(InputError):
        unseal(sealed)


@pytest.mark.parametrize("kept", [HEAD + CHUNK, HEAD + 2 * CHUNK, HEAD + CHUNK + 100, HEAD])
def test_a_file_that_was_cut_off_is_refused_at_a_chunks_end_too(tmp_path: Path, kept: int) -> None:
    sealed = seal(tmp_path / "b", os.urandom(3 << 20))
    sealed.write_bytes(sealed.read_bytes()[:kept])
    with pytest.raises(InputError):
        unseal(sealed)


def test_chunks_that_were_swapped_or_repeated_are_refused(tmp_path: Path) -> None:
    sealed = seal(tmp_path / "b", os.urandom(3 << 20))
    content = sealed.read_bytes()
    head, one, two, rest = (
        content[:HEAD],
        content[HEAD : HEAD + CHUNK],
        content[HEAD + CHUNK : HEAD + 2 * CHUNK],
        content[HEAD + 2 * CHUNK :],
    )
    for forged in (head + two + one + rest, head + one + one + rest):
        sealed.write_bytes(forged)
        with pytest.raises(InputError):
            unseal(sealed)


def test_a_writer_that_failed_leaves_no_file(tmp_path: Path) -> None:
    def fail() -> None:
        with SealedWriter(tmp_path / "b", PASSPHRASE) as sealed:
            sealed.write(b"half")
            raise RuntimeError("the disk is full")

    with pytest.raises(RuntimeError):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_written_over_and_short_passphrases_are_refused(tmp_path: Path) -> None:
    taken = seal(tmp_path / "b", b"x")
    with pytest.raises(InputError, match="exists already"):
        SealedWriter(taken, PASSPHRASE)
    with pytest.raises(InputError, match="too short"):
        SealedWriter(tmp_path / "c", "short")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 something else", b"footfall-backup-1\nshort"])
def test_another_kind_of_file_is_no_backup(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "b"
    path.write_bytes(content)
    with pytest.raises(InputError, match="no backup"):
        SealedReader(path, PASSPHRASE)
