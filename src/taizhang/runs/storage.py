"""Writing files so that they are there whole or not at all, and sentences for when that cannot be done."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path

from taizhang.errors import RunStorageError

_REASONS = {
    errno.ENOSPC: "its disk is full; free some space",
    errno.EDQUOT: "the disk quota is used up; free some space",
    errno.EROFS: "it is on a read-only file system; make it writable, or copy the folder elsewhere",
    errno.EACCES: "this user may not write there; change the permissions, or copy the folder elsewhere",
    errno.EPERM: "this user may not write there; change the permissions, or copy the folder elsewhere",
    errno.ENOENT: "it is gone; bring it back",
    errno.EIO: "its disk fails; copy the folder to another one",
}


def storage_error(folder: Path, error: OSError) -> RunStorageError:
    """What a person is told of a folder that cannot be written."""
    reason = _REASONS.get(error.errno or 0, f"the system says: {(error.strerror or str(error)).lower()}")
    return RunStorageError(
        f"the run folder '{folder}' cannot be written: {reason}, then go on with 'taizhang resume {folder}'; "
        "what was committed is safe"
    )


@contextlib.contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Turns the errors of writing into a folder into `RunStorageError`."""
    try:
        yield
    except OSError as error:
        raise storage_error(folder, error) from error


def write_whole(path: Path, content: bytes, *, durable: bool = True) -> None:
    """Writes a file in one move: a reader sees all of it, or what was there before.

    Args:
        path: The file.
        content: What it is to hold.
        durable: Wait until the disk has it.

    Raises:
        OSError: It cannot be written.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}.partial")
    try:
        with partial.open("wb") as file:
            file.write(content)
            file.flush()
            if durable:
                os.fsync(file.fileno())
        partial.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
        raise
    if durable:
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Waits until the disk has the names of a folder."""
    with contextlib.suppress(OSError):  # not every system can
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def sha256_of(path: Path) -> str:
    """sha256 of a file, as hexadecimal digits.

    Raises:
        OSError: It cannot be read.
    """
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()
