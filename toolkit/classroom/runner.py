"""Runs the cells of one submission: the program that the sandbox starts.

Frames (four bytes of length, then JSON) come in on standard
input and go out on standard output; both are moved out of the way before student code runs.

A cell runs in this process, through IPython. A test runs in a fork of it, so that a test changes nothing for the
cells after it, and its source reaches the fork alone: no other process and no thread of the student is left by then.
The fork calls the test with the modules as they were before the first cell, and with names of the chapter's imports
and of Python's own functions restored, so that a student's ``all = lambda items: True`` does not decide a test.
A test counts only if the fork hands back the number that came with its source, which it does after the last line.

Not prevented: a test calls student code in the same process, so code written against this very program can read the
test while it runs, look for that number and answer with it.
"""

from __future__ import annotations

import ast
import builtins
import ctypes
import json
import os
import random
import resource
import signal
import struct
import sys
import traceback

from toolkit.classroom.genuine import Genuine
from toolkit.classroom.outputs import Outputs, Stream

# What student code may replace is taken before it runs.
_exec, _compile, _fork, _exit, _wait, _write, _read = exec, compile, os.fork, os._exit, os.waitpid, os.write, os.read
_getpid, _kill, _list, _timer = os.getpid, os.kill, os.listdir, signal.setitimer
_threads = sys._current_frames


class CellTimeout(BaseException):
    """A cell ran longer than it may. Not an Exception, so that ``except Exception`` does not swallow it."""


class Channel:
    """Frames over two file descriptors."""

    def __init__(self, incoming: int, outgoing: int):
        self.incoming, self.outgoing = incoming, outgoing

    def receive(self) -> dict:
        (length,) = struct.unpack("!I", self._exactly(4))
        return json.loads(self._exactly(length))

    def _exactly(self, count: int) -> bytes:
        found = b""
        while len(found) < count:
            more = _read(self.incoming, count - len(found))
            if not more:
                _exit(0)
            found += more
        return found

    def send(self, content: dict) -> None:
        data = json.dumps(content).encode("ascii")
        data = struct.pack("!I", len(data)) + data
        while data:
            data = data[_write(self.outgoing, data) :]


class Runner:
    """One submission's cells and tests, in the order in which they are asked for."""

    def __init__(self, channel: Channel, settings: dict):
        self.channel, self.settings, self.limits = channel, settings, settings["limits"]
        self.pid, self.active, self.overdue = _getpid(), False, False
        self.outputs = Outputs(0)

    def prepare(self) -> None:
        """Imports, the shell, and the limits; after this nothing of ours is imported any more."""
        self._become_ordinary()
        os.chdir(self.settings["folder"])
        if self.settings["fonts"]:
            os.makedirs(os.environ["MPLCONFIGDIR"])
            name, content = self.settings["fonts"]
            with open(os.path.join(os.environ["MPLCONFIGDIR"], name), "w") as file:
                file.write(content)
        from IPython.core.displayhook import CapturingDisplayHook
        from IPython.core.displaypub import CapturingDisplayPublisher
        from IPython.core.interactiveshell import InteractiveShell
        from traitlets.config import Config

        try:  # its thread that looks after progress bars would be taken for one of the submission's
            import tqdm

            tqdm.tqdm.monitor_interval = 0
        except ImportError:
            pass
        self.imports = _compile(self.settings["imports"], "<imports>", "exec")
        _exec(self.imports, {})
        owner = self

        class Hook(CapturingDisplayHook):
            def __call__(self, result):
                if result is not None:
                    data, metadata = self.shell.display_formatter.format(result)
                    owner.outputs.data("execute_result", data, metadata)

        class Publisher(CapturingDisplayPublisher):
            def publish(self, data, metadata=None, **others):
                owner.outputs.data("display_data", data, metadata or {})

        class Shell(InteractiveShell):
            def enable_gui(self, gui=None):
                pass

        sys.stdout, sys.stderr = Stream("stdout", self), Stream("stderr", self)
        options = Config({"HistoryManager": {"enabled": False}, "InteractiveShell": {"colors": "NoColor"}})
        self.shell = Shell.instance(config=options)
        self.shell.display_pub = Publisher()
        self.shell.display_trap.hook = Hook(shell=self.shell, outputs=[])
        self.shell._showtraceback = lambda name, value, lines: owner.outputs.error(
            getattr(name, "__name__", str(name)), str(value), list(lines)
        )
        self.shell.run_line_magic("matplotlib", "inline")
        self.shell.user_ns["__name__"] = "__main__"
        self._limit()
        self.genuine = Genuine()
        self.own_threads = set(_threads())
        signal.signal(signal.SIGALRM, self._late)

    def _become_ordinary(self) -> None:
        user = self.settings["user"]
        if user is not None:  # root would not be held by the number of processes
            for place in (self.settings["folder"], "/tmp", "/dev/shm"):
                os.chown(place, user, user)
            os.setgroups([])
            os.setresgid(user, user, user)
            os.setresuid(user, user, user)

    def _limit(self) -> None:
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS
        mega = 2**20
        try:
            with open("/proc/self/statm") as file:
                size = int(file.read().split()[0]) * resource.getpagesize()
        except OSError:
            size = 16 * 2**30
        for name, value in (
            ("RLIMIT_AS", size + self.limits["memory_mb"] * mega),
            ("RLIMIT_CPU", 4 * self.limits["notebook_seconds"]),
            ("RLIMIT_NPROC", self.limits["processes"]),
            ("RLIMIT_FSIZE", self.limits["file_mb"] * mega),
            ("RLIMIT_NOFILE", 256),
            ("RLIMIT_CORE", 0),
        ):
            try:
                resource.setrlimit(getattr(resource, name), (value, value))
            except (ValueError, OSError):
                continue  # macOS knows some of them only by name
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

    def _late(self, *_) -> None:
        if self.active:
            self.overdue = True  # whoever catches the exception
            raise CellTimeout(f"stopped after {self.limits['cell_seconds']} s")

    def _clock(self, seconds: float) -> None:
        self.active = seconds > 0
        _timer(signal.ITIMER_REAL, seconds, 0.5 if seconds else 0)  # again and again: student code may catch it

    def cell(self, source: str) -> dict:
        """Runs one cell of the student's notebook."""
        self.outputs, self.overdue = Outputs(self.limits["output_kb"] * 1000), False
        try:
            self._clock(self.limits["cell_seconds"])
            self.shell.run_cell(source, store_history=False, silent=False)
        except CellTimeout:
            pass
        except BaseException as error:
            self.outputs.error(type(error).__name__, "", [])
        finally:
            self.active = False
            self._clock(0)
        if _getpid() != self.pid:
            _exit(0)  # a process that the cell forked and that came to the cell's end
        items = self.outputs.result()
        if self.overdue:
            self._end_others()
            items = [item for item in items if item.get("ename") != "CellTimeout"]
            text = f"this cell ran longer than {self.limits['cell_seconds']} s"
            items.append({"output_type": "error", "ename": "CellTimeout", "evalue": text, "traceback": [text]})
        return {"outputs": items, "state": "late" if self.overdue else "done"}

    def _end_others(self) -> None:
        """Ends what the student's code left running; only in a process namespace of our own."""
        if not self.settings["alone"]:
            return
        for _ in range(200):
            others = [int(name) for name in _list("/proc") if name.isdigit() and int(name) not in (1, self.pid)]
            for pid in others:
                try:
                    _kill(pid, signal.SIGKILL)
                except OSError:
                    continue
            try:
                while _wait(-1, os.WNOHANG)[0]:
                    pass
            except OSError:
                pass
            if not others:
                return

    def test(self) -> dict:
        """Forks, and lets the fork receive and run the test."""
        self._end_others()
        running = set(_threads()) - self.own_threads
        if running:
            return {"refused": f"{len(running)} threads of the submission still run"}
        self.channel.send({"ready": True})
        child = _fork()
        if child == 0:
            try:
                self._in_fork(self.channel.receive())
            finally:
                _exit(1)
        _, status = _wait(child, 0)
        return {"ended": os.waitstatus_to_exitcode(status)}

    def _in_fork(self, test: dict) -> None:
        self.outputs = Outputs(self.limits["output_kb"] * 1000)
        proof, source, pid = test["proof"], test["source"], _getpid()
        sys.settrace(None)
        changed = self.genuine.restore()
        sys.stdout, sys.stderr = Stream("stdout", self), Stream("stderr", self)
        space = {key: value for key, value in self.shell.user_ns.items() if not hasattr(builtins, key)}
        space |= {"__builtins__": builtins, "__name__": "__main__"}
        code = _compile(source, "<test>", "exec")
        random.seed(0)
        passed = False
        self._clock(self.limits["cell_seconds"])
        try:
            _exec(self.imports, space)
            _exec(code, space)
            passed = True
        except BaseException as error:
            self._clock(0)
            self.outputs.error(*_explain(error, source))
        if _getpid() != pid:
            _exit(0)
        self._clock(0)
        answer = {"outputs": self.outputs.result(), "changed": changed[:20]}
        if passed:
            answer["proof"] = proof
        self.channel.send(answer)
        _exit(0)


def _explain(error: BaseException, source: str):
    """Name, message and the lines of the test and of the student's code that led there."""
    name = type(error).__name__
    try:
        value = str(error)[:2000]
    except BaseException:
        value = ""
    lines, text = [], source.splitlines()
    try:
        for frame, number in list(traceback.walk_tb(error.__traceback__))[-20:]:
            file = frame.f_code.co_filename
            if file == "<test>" and number <= len(text):
                lines.append(f"line {number} of the test: {_statement(source, number)}")
            elif file != __file__:
                lines.append(f"  in {frame.f_code.co_name}, line {number}")
    except BaseException:
        pass
    return name, value, [*lines, f"{name}: {value}"]


def _statement(source: str, number: int) -> str:
    for node in ast.parse(source).body:
        if node.lineno <= number <= (node.end_lineno or node.lineno):
            return (ast.get_source_segment(source, node) or "")[:500]
    return ""


def main() -> None:
    incoming, outgoing = os.dup(0), os.dup(1)
    os.set_inheritable(incoming, False)
    os.set_inheritable(outgoing, False)
    channel = Channel(incoming, outgoing)
    runner = Runner(channel, channel.receive())
    try:
        runner.prepare()
    except BaseException:
        traceback.print_exc(file=sys.__stderr__)
        _exit(1)
    empty = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(empty, number)
    channel.send({"ready": True})
    while True:
        request = channel.receive()
        channel.send(runner.cell(request["source"]) if request["kind"] == "cell" else runner.test())
