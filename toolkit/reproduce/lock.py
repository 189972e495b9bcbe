"""One batch at a time in a run folder."""

from __future__ import annotations

import json
import os
import shutil
import socket
import tempfile
from datetime import datetime
from pathlib import Path

NAME = ".batch.lock"


class FolderInUse(RuntimeError):
    """Another batch is working in this folder."""


class FolderLock:
    """Held while a batch runs; the system lets go of it when the process ends, however it ends.

    With it comes ``scratch``, a short-named temporary folder for sockets and for what notebooks write. What a batch
    that was killed left there is removed by the next one in the same run folder.

    Raises:
        FolderInUse: another batch holds it; the message says which.
        OSError: the folder cannot be written.
    """

    def __init__(self, folder: Path):
        folder.mkdir(parents=True, exist_ok=True)
        self._file = open(folder / NAME, "a+", encoding="utf-8")  # noqa: SIM115 - held open
        try:
            _lock(self._file)
        except OSError:
            about = self._read()
            self._file.close()
            who = f"process {about['process']} on {about['host']}, since {about['since']}" if about else "a process"
            raise FolderInUse(
                f"{folder} is in use by another batch ({who}); wait for it, or give another folder with --out"
            ) from None
        left = self._read()
        if left and left["host"] == socket.gethostname():
            shutil.rmtree(left["scratch"], ignore_errors=True)
        self.scratch = Path(tempfile.mkdtemp(prefix="toolkit-"))
        about = {
            "process": os.getpid(),
            "host": socket.gethostname(),
            "since": datetime.now().isoformat(sep=" ", timespec="seconds"),
            "scratch": str(self.scratch),
        }
        self._file.seek(0)
        self._file.truncate()
        self._file.write(json.dumps(about))
        self._file.flush()

    def _read(self) -> dict | None:
        try:
            self._file.seek(0)
            return json.loads(self._file.read())
        except (OSError, json.JSONDecodeError):
            return None

    def release(self) -> None:
        shutil.rmtree(self.scratch, ignore_errors=True)
        self._file.truncate(0)  # the file stays: taking it away could let two others in
        self._file.close()


def _lock(file) -> None:
    """Raises OSError when another process holds the lock."""
    if os.name == "nt":
        import msvcrt

        file.seek(2**20)  # beyond the text, which others may read
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
