"""Files that results are written to: checked before the work, and written whole or not at all."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path

from taizhang.errors import UsageError


def check_output(path: str | os.PathLike[str], *, called: str, endings: Sequence[str] | None = None) -> Path:
    """Refuses a file that could not be written, so that this is noticed before the work and not after it.

    Args:
        path: The file.
        called: The option that names it, for the message of an error.
        endings: Endings that it may have, in lower case with their dots, `""` for none; any by default.

    Raises:
        UsageError: Its folder does not exist, it is a folder itself, it may not be written, or its ending is another.
    """
    target = Path(path)
    if not str(path) or "\0" in str(path):
        raise UsageError(f"{called} must be the name of a file, got {str(path)!r}")
    if endings is not None and target.suffix.lower() not in endings:
        known = [ending for ending in endings if ending]
        listed = " or ".join([", ".join(known[:-1]), known[-1]] if len(known) > 1 else known)
        raise UsageError(f"the file of {called} must end in {listed}, got '{target}'")
    folder = target.parent
    try:
        if target.is_dir():
            raise UsageError(f"'{target}' of {called} is a folder; give the name of a file in it")
        if not folder.exists():
            raise UsageError(f"the folder '{folder}' of {called} does not exist; make it, or name another")
        if not folder.is_dir():
            raise UsageError(f"'{folder}' of {called} is not a folder; name another")
        there = target.exists()
        if (there and not os.access(target, os.W_OK)) or (not there and not os.access(folder, os.W_OK)):
            raise UsageError(f"{called} '{target}' may not be written; change the permissions, or name another file")
        name = os.fsencode(target.name)
        if not there and len(name) > os.pathconf(folder, "PC_NAME_MAX"):
            raise UsageError(f"the name of the file of {called} is too long; give a shorter one")
    except OSError as error:
        raise UsageError(f"the file '{target}' of {called} cannot be used: {reason_of(error)}") from error
    return target


def write_file(path: str | os.PathLike[str], content: bytes | str) -> None:
    """Writes a file in one move, so that a reader sees all of it or what was there before.

    What is no regular file, such as a device or a pipe, is written as it is.

    Raises:
        OSError: The file cannot be written; it names the file.
    """
    target, data = Path(path), content.encode() if isinstance(content, str) else content
    try:
        if target.exists() and not target.is_file():
            target.write_bytes(data)
            return
        target = target.resolve()  # what a link leads to is replaced, not the link
        partial = target.with_name(f".{target.name[:200]}.{os.getpid()}.partial")
        try:
            partial.write_bytes(data)
            if target.exists():
                partial.chmod(target.stat().st_mode & 0o7777)
            partial.replace(target)
        finally:
            with contextlib.suppress(OSError):
                partial.unlink(missing_ok=True)
    except OSError as error:
        raise type(error)(error.errno, error.strerror, str(path)) from error


def reason_of(error: OSError) -> str:
    """Why a file cannot be used, as the system says it."""
    return (error.strerror or str(error) or "unknown reason").lower()
