"""Atomic writes of files, and the messages for when writing fails."""

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
    errno.ENOENT: "it does not exist any more; restore it",
    errno.EIO: "its disk reports an input/output error; copy the folder to another one",
}


def storage_error(folder: Path, error: OSError) -> RunStorageError:
    """The error for a folder that cannot be written: the reason and the remedy."""
    reason = _REASONS.get(error.errno or 0, f"the system reports: {(error.strerror or str(error)).lower()}")
    return RunStorageError(
        f"the run folder '{folder}' cannot be written: {reason}, then go on with 'taizhang resume {folder}'; "
        "what was committed is safe"
    )


@contextlib.contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Raises an OSError of the block as `RunStorageError`."""
    try:
        yield
    except OSError as error:
        raise storage_error(folder, error) from error


def write_whole(path: Path, content: bytes, *, durable: bool = True) -> None:
    """Writes a file atomically: a reader sees all of it, or its content before.

    Args:
        path: The file.
        content: What to write.
        durable: Wait until it is on the disk.

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
    """Waits until the entries of a folder are on the disk."""
    with contextlib.suppress(OSError):  # not every file system supports this
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
