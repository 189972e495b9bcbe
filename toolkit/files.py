"""Writing files so that no half-written one is ever seen."""

from __future__ import annotations

import os
from pathlib import Path
from threading import get_ident


def write_whole(path: Path, text: str) -> None:
    """Writes ``text`` under a temporary name and renames it: the file is the old one or the new one, never a piece.

    Several threads or processes may write the same file. The text is on the disk before the name is, so a power cut
    does not leave an empty file either.

    Raises:
        OSError: the folder cannot be written or the disk is full; the old file is as it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{get_ident()}.part")
    try:
        with open(temporary, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
