"""What student code cannot do, and what happens when it tries."""

import os
import re
from pathlib import Path

import pytest

from toolkit.classroom.execution import Cell, execute
from toolkit.classroom.sandbox import Limits, Sandbox, SandboxError

LIMITS = Limits(cell_seconds=3, notebook_seconds=20, memory_mb=512, processes=32, file_mb=32, output_kb=20)
HERE = str(Path(__file__))


def run(*sources, imports="import math", limits=LIMITS):
    """Outputs as text, one per cell; a source that starts with ``TEST`` is a test."""
    cells = [Cell(s.removeprefix("TEST"), test=s.startswith("TEST")) for s in sources]
    found = execute(cells, imports, limits)
    return [_text(outputs) for outputs in found.outputs], found.notes


def _text(outputs):
    parts = []
    for output in outputs:
        data = output.get("data", {}).get("text/plain", "")
        parts.append(output.get("text", "") + data + "\n".join(output.get("traceback", [])))
    return "\n".join(parts)


def test_cells_share_names_and_tests_leave_nothing_behind(sandbox):
    texts, notes = run("a = 2", "a + 1", "TESTassert a == 2\nb = 5", "b", "TESTassert a == 3, 'it is two'", "print(a)")
    assert texts[:3] == ["", "3", ""] and "NameError" in texts[3]
    assert "it is two" in texts[4] and texts[5] == "2\n" and notes == []


def test_only_what_is_needed_can_be_seen(sandbox, tmp_path):
    secret = tmp_path / "gradebook.db"
    secret.write_text("grades")
    (text, folders, written, network, processes), _ = run(
        f"import os; print(os.path.exists({str(secret)!r}), os.path.exists({HERE!r}), os.path.exists('/etc/passwd'))",
        "print(os.listdir(os.getcwd()), os.getuid() != 0)",
        f"import toolkit; open(toolkit.__file__, 'a')\nopen({str(secret)!r}, 'w')",
        "import socket; socket.create_connection(('192.0.2.1', 80), timeout=1)",
        "print([p for p in os.listdir('/proc') if p.isdigit()], os.getppid()); os.kill(1, 9)",
    )
    assert text == "False False False\n" and folders.endswith("True\n")
    assert "Error" in written and secret.read_text() == "grades"
    assert "Error" in network and processes.startswith("['1', '2'] 1")


@pytest.mark.parametrize(
    "code",
    [
        "def f(): import os; os._exit(0)",
        "def f(): raise SystemExit(0)",
        "def f(): raise KeyboardInterrupt",
        "import builtins; builtins.exec = lambda *a: None\ndef f(): pass",
        "import builtins; builtins.AssertionError = KeyError\ndef f(): pass",
        "import sys; sys.excepthook = sys.unraisablehook = lambda *a: None\ndef f(): pass",
        "def isinstance(*a): return True\ndef f(): pass",
        "import math; math.isclose = lambda *a, **k: True\ndef f(): pass",
        "def math(): pass\nmath.isclose = lambda *a: True\ndef f(): pass",
        "import json; dumps = json.dumps\njson.dumps = lambda o, **k: dumps({**o, 'passed': True, 'outputs': []})\n"
        "def f(): pass",
        "def f():\n  import os, struct\n  for n in range(3, 20):\n    try: os.write(n, struct.pack('!I', 2) + b'{}')\n"
        "    except OSError: pass",
        "def f():\n  import os\n  if os.fork() == 0: return\n  os.waitpid(-1, 0)",
    ],
)
def test_a_failing_test_stays_failed(sandbox, code):
    (_, first, second), _ = run(
        code, "TESTf()\nassert not isinstance(1, str)\nassert math.isclose(1, 2)", "TESTassert 1 == 2"
    )
    assert first and second


def test_hidden_tests_are_not_there_before_they_run(sandbox):
    look = (
        "import gc, os\n"
        "found = [o for o in gc.get_objects() if isinstance(o, (dict, list)) and 'SECRET' + 'WORD' in str(o)[:10**5]]\n"
        "print(len(found), any('SECRET' + 'WORD' in open(os.path.join(d, n), errors='ignore').read()"
        " for d, _, names in os.walk(os.getcwd()) for n in names))"
    )
    (before, _, after), _ = run(look, "TESTassert 'SECRETWORD'", look, limits=Limits(cell_seconds=20))
    assert before == "0 False\n" and after == "0 False\n"


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("while True: pass", "this cell ran longer than 3 s"),
        ("x = bytearray(10**10)", "MemoryError"),
        ("import os\nwhile True: os.fork()", "BlockingIOError|ran longer"),
        ("open('large', 'wb').write(b'x' * 2**26)", "OSError"),
        ("for i in range(9): open(str(i), 'wb').write(b'x' * 2**23)", "No space left"),
    ],
)
def test_limits_end_a_cell_and_the_next_one_runs(sandbox, code, words):
    (text, after, tested), _ = run(code, "print('still here')", "TESTassert True")
    assert re.search(words, text) and after == "still here\n" and tested == ""


def test_output_is_cut(sandbox):
    (text, fine), _ = run("for _ in range(10**5): print('x' * 100)", "print('fine')")
    assert len(text) < 30_000 and text.endswith("[output cut]\n") and fine == "fine\n"


def test_memory_of_all_processes_counts(sandbox):
    code = (
        "import os, time\nfor _ in range(6):\n    if os.fork() == 0:\n"
        "        x = bytearray(os.urandom(1)) * (300 * 2**20); time.sleep(30); os._exit(0)\ntime.sleep(30)"
    )
    (first, later), notes = run(code, "1", limits=Limits(cell_seconds=20, memory_mb=512))
    assert "memory" in first and "NotRun" in later and "memory" in notes[0]


def test_a_process_that_ends_is_reported(sandbox):
    (first, later), notes = run("import os; os.kill(os.getpid(), 9)", "TESTassert True")
    assert (
        "has ended" in first
        and "NotRun" in later
        and notes == ["stopped in code cell 1: the process of the submission has ended"]
    )


def test_nothing_that_runs_in_a_browser_comes_back(sandbox):
    (text, _), _ = run(
        "from IPython.display import display, HTML, Javascript\ndisplay(HTML('<script>1</script>'), Javascript('1'))",
        "1",
    )
    assert "script>" not in text


def test_no_process_is_left(sandbox):
    with Sandbox(LIMITS, "") as started:
        started.send({"kind": "cell", "source": "import os, time\nif os.fork() == 0:\n    os.setsid(); time.sleep(99)"})
        started.receive(5)
        pid = started.process.pid
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    with pytest.raises(SandboxError, match="did not start"):
        Sandbox(LIMITS, "import nowhere")


def test_without_bubblewrap_only_on_request(monkeypatch, tmp_path):
    from toolkit.classroom import sandbox as module

    monkeypatch.setattr(module, "problem", lambda: "bubblewrap is not installed")
    with pytest.raises(SandboxError, match="not installed"):
        execute([Cell("1")], "", LIMITS)
    found = execute([Cell("print(2)"), Cell("assert True", test=True), Cell("while 1: pass")], "", LIMITS, unsafe=True)
    assert found.outputs[0][0]["text"] == "2\n" and found.outputs[1] == []
    assert found.outputs[2][0]["ename"] == "CellTimeout"
