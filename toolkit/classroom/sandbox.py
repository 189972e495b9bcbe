"""A process for code that is not trusted: bubblewrap around it, limits on it, and a watch over it.

With bubblewrap the process sees the system's programs and libraries, Python's packages and this package, all
read-only, and an empty folder in memory. It has no network, a process namespace of its own, and no way to the
course, to other submissions or to the notebooks of the book.

Not protected against: errors in the kernel or in bubblewrap (no system call is filtered), and a machine slowed
down by code that uses all it is allowed to.
"""

from __future__ import annotations

import functools
import json
import os
import random
import select
import shutil
import site
import struct
import subprocess
import sys
import sysconfig
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]
START = "import sys; sys.path.insert(0, {path!r}); from toolkit.classroom.runner import main; main()"
SHELTER = "/work"  # the only writable folder inside, in memory
START_SECONDS = 120  # for Python and the chapter's imports, on a slow disk


class SandboxError(RuntimeError):
    """The sandbox cannot be used, or what ran in it went past a limit."""


@dataclass(frozen=True)
class Limits:
    """What the code of one submission may use.

    Args:
        cell_seconds: wall-clock time of one cell; the next cell still runs.
        notebook_seconds: wall-clock time of the whole notebook.
        memory_mb: memory on top of Python and its libraries, in MiB.
        processes: processes and threads.
        file_mb: size of a file and of all files together, in MiB.
        output_kb: characters that a cell may print or show, in thousands; the rest is cut.
    """

    cell_seconds: int = 30
    notebook_seconds: int = 180
    memory_mb: int = 2048
    processes: int = 64
    file_mb: int = 256
    output_kb: int = 500


@functools.cache
def problem() -> str | None:
    """Why bubblewrap cannot be used here, or None."""
    if sys.platform != "linux":
        return "bubblewrap runs on Linux only"
    if shutil.which("bwrap") is None:
        return "bubblewrap is not installed (on Debian and Ubuntu: apt install bubblewrap)"
    tried = subprocess.run([*_isolation(), "--", sys.executable, "-I", "-c", "pass"], capture_output=True, text=True)
    if tried.returncode:
        return f"bubblewrap does not work here: {(tried.stderr.strip() or 'no reason given').splitlines()[-1]}"
    return None


@functools.cache
def _options() -> str:
    return subprocess.run(["bwrap", "--help"], capture_output=True, text=True).stdout


def _visible() -> list[Path]:
    """Folders of Python and its packages, and this package."""
    paths = {Path(p).resolve() for p in (sys.prefix, sys.base_prefix, *site.getsitepackages())}
    paths |= {Path(sys.prefix), Path(sysconfig.get_path("purelib")), PACKAGE}
    if site.ENABLE_USER_SITE:
        paths.add(Path(site.getusersitepackages()))
    paths = {p for p in paths if p.is_dir() and not p.is_relative_to("/usr")}
    return sorted(p for p in paths if not any(p != q and p.is_relative_to(q) for q in paths))


def _isolation(size_mb: int = 256, hidden: tuple[Path, ...] = ()) -> list[str]:
    """The bwrap command up to the program it starts."""
    command = ["bwrap", "--die-with-parent", "--new-session", "--unshare-pid", "--unshare-net", "--unshare-ipc"]
    command += ["--unshare-uts", "--unshare-cgroup-try", "--hostname", "sandbox", "--clearenv"]
    if os.getuid() != 0:  # root stays itself in here until the runner has become an ordinary user
        command += ["--unshare-user", "--uid", "1000", "--gid", "1000"]
        if "--disable-userns" in _options():
            command += ["--disable-userns"]
    command += ["--ro-bind", "/usr", "/usr"]
    for name in ("bin", "sbin", "lib", "lib32", "lib64"):
        place = Path("/", name)
        if place.is_symlink():
            command += ["--symlink", os.readlink(place), str(place)]
        elif place.is_dir():
            command += ["--ro-bind", str(place), str(place)]
    for name in ("ld.so.cache", "ld.so.conf", "ld.so.conf.d", "alternatives", "localtime", "fonts"):
        command += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
    size = ["--size", str(size_mb * 2**20)] if "--size" in _options() else []
    command += ["--proc", "/proc", "--dev", "/dev", *size, "--tmpfs", "/dev/shm", "--remount-ro", "/dev"]
    for place in (SHELTER, "/tmp"):
        command += [*size, "--tmpfs", place]
    for place in _visible():
        for above in reversed(place.parents[:-1]):
            command += ["--dir", str(above)]
        command += ["--ro-bind", str(place), str(place)]
    for place in hidden:  # in case one of them lies inside what is visible
        if any(place.is_relative_to(p) for p in [*_visible(), Path("/usr")]):
            command += ["--tmpfs", str(place)]
    for name, value in _environment(SHELTER).items():
        command += ["--setenv", name, value]
    return [*command, "--chdir", SHELTER]


def _environment(home: str) -> dict[str, str]:
    threads = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    return threads | {
        "HOME": home,
        "LANG": "C.UTF-8",
        "LOGNAME": "student",
        "USER": "student",
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), "/usr/bin", "/bin"]),
        "MPLCONFIGDIR": f"{home}/matplotlib",
        "IPYTHONDIR": f"{home}/ipython",
        "TMPDIR": home,
        "CUDA_VISIBLE_DEVICES": "",
        "TOOLKIT_QUIET": "1",
        "PYTHONHASHSEED": "0",
    }


class Sandbox:
    """A running process and the frames to and from it.

    Args:
        limits: what it may use.
        imports: source of import statements that are run before any other code.
        hidden: folders that must not be seen, wherever they lie.
        unsafe: start the process without bubblewrap; limits hold, but it sees and may change the user's files.

    Raises:
        SandboxError: bubblewrap cannot be used, or the process does not start.
    """

    def __init__(self, limits: Limits, imports: str, *, hidden: tuple[Path, ...] = (), unsafe: bool = False):
        if os.name != "posix":
            raise SandboxError("grading needs Linux or macOS")
        if not unsafe and problem():
            raise SandboxError(problem())
        self.limits = limits
        self.folder = tempfile.TemporaryDirectory(prefix="sandbox-") if unsafe else None
        home = self.folder.name if unsafe else SHELTER
        start = [] if unsafe else [*_isolation(limits.file_mb, hidden), "--"]
        self._log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [*start, sys.executable, "-I", "-c", START.format(path=str(PACKAGE.parent))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env=_environment(home) if unsafe else None,
            cwd=home if unsafe else None,
            start_new_session=True,
        )
        os.set_blocking(self.process.stdout.fileno(), False)
        self._received = b""
        self._base_mb = 0.0
        self.deadline = time.monotonic() + START_SECONDS
        root = os.getuid() == 0
        try:
            self.send(
                {
                    "folder": home,
                    "imports": imports,
                    "limits": asdict(limits),
                    "alone": not unsafe,
                    "user": 60000 + random.randrange(5000) if root and not unsafe else None,
                    "fonts": _fonts(),
                }
            )
            self.receive(START_SECONDS)
        except SandboxError as error:
            self._log.seek(0)
            lines = self._log.read(10_000).decode(errors="replace").strip().splitlines()
            self.close()
            raise SandboxError(f"the sandbox did not start: {lines[-1] if lines else error}") from None
        self._base_mb = self._memory_mb()
        self.deadline = time.monotonic() + limits.notebook_seconds

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def send(self, frame: dict) -> None:
        """Sends one frame; raises SandboxError if nobody is there to take it."""
        data = json.dumps(frame).encode("ascii")
        data = struct.pack("!I", len(data)) + data
        waiting = self.process.stdin.fileno()
        os.set_blocking(waiting, False)
        while data:
            if not select.select([], [waiting], [], 0.1)[1]:
                self._watch(self.deadline)
                continue
            try:
                data = data[os.write(waiting, data) :]
            except OSError:
                raise SandboxError("the process of the submission has ended") from None

    def receive(self, seconds: float) -> dict:
        """The next frame.

        Raises:
            SandboxError: none came within the time, the process ended, or it went past a limit.
        """
        deadline = min(time.monotonic() + seconds, self.deadline)
        most = 4 * 1000 * self.limits.output_kb + 100_000
        while True:
            if len(self._received) >= 4:
                (length,) = struct.unpack("!I", self._received[:4])
                if length > most:
                    raise SandboxError("the process of the submission sent more than it may")
                if len(self._received) >= 4 + length:
                    frame, self._received = self._received[4 : 4 + length], self._received[4 + length :]
                    return _parse(frame)
            if select.select([self.process.stdout], [], [], 0.1)[0]:
                more = os.read(self.process.stdout.fileno(), 2**16)
                if not more:
                    raise SandboxError("the process of the submission has ended")
                self._received += more
            else:
                self._watch(deadline)

    def _watch(self, deadline: float) -> None:
        if time.monotonic() > deadline:
            whole = deadline == self.deadline
            seconds = self.limits.notebook_seconds if whole else self.limits.cell_seconds
            raise SandboxError(f"{'the notebook' if whole else 'a cell'} ran longer than {seconds} s")
        used = self._memory_mb() - self._base_mb
        if self._base_mb and used > 1.2 * self.limits.memory_mb:  # one process alone is stopped earlier
            raise SandboxError(f"it used more than {self.limits.memory_mb} MiB of memory")

    def _memory_mb(self) -> float:
        """Resident memory of the process and all below it; a page that several share counts once."""
        import psutil

        total = 0
        try:
            start = psutil.Process(self.process.pid)
            for process in [start, *start.children(recursive=True)]:
                try:
                    found = process.memory_full_info() if psutil.LINUX else process.memory_info()
                    total += getattr(found, "pss", found.rss)
                except psutil.Error:
                    continue
        except psutil.Error:
            pass
        return total / 2**20

    def close(self) -> None:
        """Ends the process and all that it started."""
        import psutil

        below = []
        try:
            below = psutil.Process(self.process.pid).children(recursive=True)
        except psutil.Error:
            pass
        self.process.kill()  # with bubblewrap, the whole process namespace ends with it
        for process in below:
            try:
                process.kill()
            except psutil.Error:
                continue
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self._log):
            try:
                stream.close()
            except OSError:
                continue
        if self.folder:
            self.folder.cleanup()


def _parse(frame: bytes) -> dict:
    try:
        found = json.loads(frame)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise SandboxError("the process of the submission sent something that is no answer")
    return found


@functools.cache
def _fonts() -> tuple[str, str] | None:
    """Name and content of matplotlib's list of fonts, which takes seconds to make anew."""
    import matplotlib.font_manager

    for path in Path(matplotlib.get_cachedir()).glob("fontlist-*.json"):
        if path.name == f"fontlist-v{matplotlib.font_manager.FontManager.__version__}.json":
            return path.name, path.read_text()
    return None
