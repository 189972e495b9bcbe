"""Kernels for runs: started plainly, or forked from a process that has already imported the heavy libraries.

Both talk over Unix sockets in a folder of their own where the system has them, so kernels that start together cannot
ask for the same port.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from pathlib import Path

from jupyter_client.manager import AsyncKernelManager

NO_HISTORY = "--HistoryManager.hist_file=:memory:"  # kernels would wait for each other to write the user's history
FIXED_SEED = 67280421310721  # with which older versions of torch always begin; newer ones draw it
BACKEND = "module://matplotlib_inline.backend_inline"  # what ipykernel sets before anything is imported


class PlainKernel(AsyncKernelManager):
    """A kernel as Jupyter starts it: a fresh Python that imports everything itself."""

    def __init__(self, folder: Path):
        super().__init__(kernel_name="python3")
        if os.name == "posix":
            self.transport = "ipc"
            self.ip = str(folder / "socket")
        self.connection_file = str(folder / "connection.json")

    async def start(self, work: Path) -> None:
        """Starts it in the folder ``work``."""
        await self.start_kernel(cwd=str(work), extra_arguments=[NO_HISTORY])

    @property
    def pid(self) -> int | None:
        return getattr(self.provisioner, "pid", None)

    @property
    def how_it_ended(self) -> str:
        process = getattr(self.provisioner, "process", None)
        return _words(process.poll() if process else None)


class ForkedKernel(PlainKernel):
    """A kernel forked from this process, which must have one thread and no event loop yet.

    It differs from a plain one only in what is already imported: it has its own session and process group, standard
    streams, environment, folder and random state, and it ends when this process does.
    """

    def __init__(self, folder: Path, work: Path, environment: dict[str, str]):
        super().__init__(folder)
        self.write_connection_file()
        self._status: int | None = None
        parent = os.getpid()
        self._pid = os.fork()
        if self._pid == 0:
            try:
                _become_kernel(self.connection_file, work, environment, parent)
            finally:
                os._exit(1)

    async def start(self, work: Path) -> None:
        """Nothing is left to do."""

    @property
    def has_kernel(self) -> bool:
        return self._status is None

    @property
    def pid(self) -> int:
        return self._pid

    @property
    def how_it_ended(self) -> str:
        self._poll()
        return _words(self._status)

    def _poll(self) -> None:
        if self._status is None:
            ended, status = os.waitpid(self._pid, os.WNOHANG)
            if ended:
                self._status = os.waitstatus_to_exitcode(status)

    async def _async_is_alive(self) -> bool:
        self._poll()
        return self._status is None

    is_alive = _async_is_alive


def _words(status: int | None) -> str:
    if status is None:
        return "the kernel does not answer"
    if status < 0:
        return f"the kernel died of signal {-status} ({signal.Signals(-status).name})"
    return f"the kernel died with exit code {status}"


def die_with_parent(parent: int) -> None:
    """On Linux, the kernel of the system ends this process when ``parent``, which forked it, ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
        if os.getppid() != parent:
            os._exit(1)


def _new_random_state() -> None:
    """As in a fresh process, where every fork would draw the same numbers. Python's own generator sees to itself."""
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()
    if "torch" in sys.modules and sys.modules["torch"].initial_seed() != FIXED_SEED:
        sys.modules["torch"].default_generator.seed()


def _become_kernel(connection_file: str, work: Path, environment: dict[str, str], parent: int) -> None:
    """The rest of a forked kernel's life."""
    die_with_parent(parent)
    os.setsid()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.clear()
    os.environ.update(environment | {"JPY_PARENT_PID": str(parent), "MPLBACKEND": BACKEND})
    if "TOOLKIT_CATALOG" in environment:  # read at import, and this process has read another one
        for name in [name for name in sys.modules if name.split(".")[0] == "toolkit"]:
            del sys.modules[name]
    time.tzset()
    os.chdir(work)
    null = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(null, number)
    for name in os.listdir("/proc/self/fd"):
        if int(name) > 2:
            try:
                os.close(int(name))
            except OSError:  # the listing's own
                continue
    _new_random_state()
    from ipykernel.kernelapp import IPKernelApp

    arguments = ["-f", connection_file, NO_HISTORY, f"--IPKernelApp.parent_handle={parent}"]
    sys.argv = [sys.modules["ipykernel"].__file__.replace("ipykernel/__init__", "ipykernel_launcher"), *arguments[:3]]
    IPKernelApp.launch_instance(arguments)
