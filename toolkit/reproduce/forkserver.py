"""A process that has imported the heavy libraries and forks one process per run. Linux only.

It has a single thread, no event loop, and never computes: a fork is then as good as a fresh start. Of the toolkit it
imports only what has no effect on the process, so that a chapter's own ``import toolkit...`` does in a forked kernel
all that it does in a plain one.
"""

from __future__ import annotations

import gc
import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterable
from importlib import import_module

from toolkit.reproduce.kernel import BACKEND, die_with_parent
from toolkit.reproduce.run import Task, as_message, report

LIBRARIES = (
    "IPython.core.completer",
    "ipykernel.debugger",
    "ipykernel.ipkernel",
    "ipykernel.kernelapp",
    "jupyter_client.asynchronous",
    "nbclient",
    "psutil",
    "toolkit.catalog",
    "toolkit.reproduce.client",
    "torch",
    "matplotlib.pyplot",
    "matplotlib.backends.backend_agg",
    "networkx",
    "scipy.stats",
    "scipy.sparse.csgraph",
    "tqdm.auto",
)
MESSAGE = 2**17  # bytes


class ForkServer:
    """Starts the process and sends it tasks. It ends with this one, and its runs with it.

    Args:
        libraries: modules to import beforehand, beside the usual ones; those that are not there are skipped.
        environment: variables to set for it and all its runs.
    """

    def __init__(self, libraries: Iterable[str] = (), environment: dict[str, str] | None = None):
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        command = "from toolkit.reproduce.forkserver import serve; serve()"
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-c", command, str(theirs.fileno()), str(os.getpid()), *sorted(libraries)],
                pass_fds=[theirs.fileno()],
                env=os.environ | (environment or {}) | {"MPLBACKEND": BACKEND},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C goes to the coordinator alone
            )

    def submit(self, task: Task):
        """Starts a run; returns a text file with what happens, which ends when the run's process does.

        Raises:
            OSError: the server is gone.
        """
        mine, theirs = os.pipe()
        try:
            socket.send_fds(self._socket, [as_message(task).encode()], [theirs])
        except BaseException:
            os.close(mine)
            raise
        finally:
            os.close(theirs)
        return os.fdopen(mine, encoding="utf-8")

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        self._socket.close()


def serve() -> None:
    """The server's own life: import, then fork whenever a task comes."""
    connection = socket.socket(fileno=int(sys.argv[1]))
    die_with_parent(int(sys.argv[2]))
    if sys.path[0] == "":
        del sys.path[0]
    os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"  # the debugger would warn about frozen modules
    for name in [*LIBRARIES, *sys.argv[3:]]:
        try:
            import_module(name)
        except Exception:  # an optional library; the chapter that needs it will say what is wrong
            continue
    del os.environ["PYDEVD_DISABLE_FILE_VALIDATION"]
    sys.modules["toolkit.catalog"].parts()
    gc.collect()
    gc.freeze()  # forked processes leave these objects where they are, so their pages stay shared
    while True:
        ready, _, _ = select.select([connection], [], [], 1.0)
        _reap()
        if not ready:
            continue
        message, handles, _, _ = socket.recv_fds(connection, MESSAGE, 1)
        if not message:
            return  # the coordinator is gone
        server = os.getpid()
        if os.fork() == 0:
            try:
                die_with_parent(server)
                os.setpgid(0, 0)
                signal.signal(signal.SIGINT, signal.SIG_IGN)
                connection.close()
                _silence()
                with os.fdopen(handles[0], "w", encoding="utf-8") as out:
                    report(Task(**json.loads(message)), out)
            finally:
                os._exit(0)
        for handle in handles:
            os.close(handle)


def _reap() -> None:
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def _silence() -> None:
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 2)
    os.close(null)
