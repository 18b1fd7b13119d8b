"""Output files: checked before the work, and written atomically."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path

from taizhang.errors import UsageError


def check_output(path: str | os.PathLike[str], *, called: str, endings: Sequence[str] | None = None) -> Path:
    """Checks that a file can be written, so that errors appear before the work and not after it.

    Args:
        path: The file.
        called: Name of the option in errors.
        endings: Allowed suffixes, in lower case with their dots, `""` for none; any by default.

    Raises:
        UsageError: Its folder does not exist, it is a folder itself, it is not writable, or its suffix is not allowed.
    """
    target = Path(path)
    if not str(path) or "\0" in str(path):
        raise UsageError(f"{called} must be the name of a file, got {str(path)!r}")
    if endings is not None and target.suffix.lower() not in endings:
        known = [ending for ending in endings if ending]
        listed = " or ".join([", ".join(known[:-1]), known[-1]] if len(known) > 1 else known)
        raise UsageError(f"the file of {called} must end in {listed}, got '{target}'")
    try:
        # A link stays, and its target is written.
        folder = Path(os.path.realpath(target)).parent if target.is_symlink() else target.parent
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            target.stat()  # a loop of links raises another OSError
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
    """Writes a file atomically: a reader sees the complete new file or the old one.

    A target that is not a regular file, such as a device or a pipe, is written directly.

    Raises:
        OSError: The file cannot be written; the error names it.
    """
    target, data = Path(path), content.encode() if isinstance(content, str) else content
    try:
        if target.exists() and not target.is_file():
            target.write_bytes(data)
            return
        target = Path(os.path.realpath(target))  # a link stays, and its target is replaced
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
    """The system's reason why a file cannot be used, in lower case."""
    return (error.strerror or str(error) or "unknown reason").lower()
