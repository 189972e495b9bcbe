"""A whole class with everything that goes wrong in one: each gets a grade or a reason, and nobody's is lost."""

import csv
import json
import os
import signal
import subprocess
import sys
import time

import nbformat
import psutil
import pytest
from submissions import answered, hand_in

CHAPTER = "toy-paper"
DRAW = '''
import torch

from toolkit import plots
from toolkit.training import resolve_device

device = resolve_device(device)
settings = {{"quick": {{"size": size}}, "full": {{"size": 100 * size}}}}[profile]


def draw_uniform(seed):
    """Uniform numbers in [0, 1) from a generator of their own."""
    {body}
'''
RIGHT_DRAW = """generator = torch.Generator().manual_seed(seed)
    return torch.rand(settings["size"], generator=generator).to(device)"""
MEAN = "def mean(values):\n    {body}"
RIGHT = "return sum(values) / len(values)"
LIMITS = {"cell_seconds": 4, "notebook_seconds": 30, "memory_mb": 1024}


def answers(body=RIGHT, draw=RIGHT_DRAW):
    return {"draw-uniform": DRAW.format(body=draw), "mean": MEAN.format(body=body)}


# student -> (body of mean, score expected); what else they do is in the class below
BODIES = {
    "endless loop": ("while True:\n        pass", 1),
    "endless loop that resists": (
        "while True:\n        try:\n            while True:\n                pass\n"
        "        except BaseException:\n            pass",
        1,
    ),
    "ten gigabytes": ("return len(bytearray(10**10))", 1),
    "ends the process": ("import os\n    os._exit(0)", 1),
    "leaves": ("import sys\n    sys.exit(0)", 1),
    "recursion": ("return mean(values)", 1),
    "wrong": ("return values[0]", 1),
    "syntax error": ("return sum(values /", 1),
    "Zoë Ångström": ("total = 0\n    for v in values:\n        total += v\n    return total / len(values)", 2),
    "山田 太郎": ("import statistics\n    return statistics.fmean(values)", 2),
    "Łucja-Мария": ("import numpy as np\n    return np.mean(values)", 2),
}
# student -> code put before the answer in the cell of mean; the answer itself is wrong, so the test must fail
TRICKS = {
    "replaces all": "import builtins\nbuiltins.all = builtins.any = lambda *_: True\nall = lambda *_: True\n",
    "replaces the shell": "get_ipython().run_cell = lambda *a, **k: None\n",
    "replaces exec": "import builtins\nbuiltins.exec = builtins.compile = lambda *a, **k: None\n",
    "replaces json": 'import json\njson.dumps = lambda *a, **k: \'{"proof": "", "outputs": []}\'\n',
    "prints a grade": "print('1.0')\n1.0\n",
    "leaves a thread": "import threading, time\nthreading.Thread(target=time.sleep, args=(60,)).start()\n",
}


@pytest.fixture(scope="module")
def school(shared_checkout, sandbox):
    """A checkout with a released course of one chapter."""
    checkout = shared_checkout
    assert checkout.run("toolkit", "new", "memory", CHAPTER).returncode == 0
    for command in (["create", "course", "--chapters", CHAPTER, "--due", "2030-01-01"], ["release", "course"]):
        done = checkout.run("toolkit", "classroom", *command)
        assert done.returncode == 0, done.stderr
    config = checkout.folder / "course" / "nbgrader_config.py"
    text = config.read_text()
    for name, value in LIMITS.items():
        assert f"c.SandboxedExecute.{name} = " in text
        text += f"c.SandboxedExecute.{name} = {value}\n"
    config.write_text(text)
    return checkout


def fill(checkout, folder):
    """Thirty submissions; returns the score that each must get, None where there can be none."""
    released = nbformat.read(checkout.folder / "course" / "release" / CHAPTER / f"{CHAPTER}.ipynb", 4)
    name, expected = f"{CHAPTER}.ipynb", {}

    def add(student, made, score, file=name):
        hand_in(made, folder, student, file)
        expected[student] = score

    for student, (body, score) in BODIES.items():
        add(student, answered(released, answers(body)), score)
    for student, code in TRICKS.items():
        made = answered(released, answers("return 'no mean'"))
        for cell in made.cells:
            if cell.metadata.get("nbgrader", {}).get("grade_id") == "mean":
                cell.source = code + cell.source
        add(student, made, 1)
    add("empty", released, 0)
    add("original", answered(released, answers("count = len(values)\n    return sum(values) / count")), 2)
    made = answered(released, answers("count = len(values)   # mine!\n\n    return sum(values)  / count"))
    add("copy", made, 2)
    add("renamed", answered(released, answers("return (1 / len(values)) * sum(values)")), 2, "My homework (2).ipynb")
    add("in a folder", answered(released, answers("return sum(values) * len(values) ** -1")), 2, f"week 1/{name}")

    made = answered(released, answers(f"print(1)\n    {RIGHT}"))
    made.cells.insert(6, nbformat.v4.new_code_cell("import os\nwhile True:\n    os.fork()"))
    add("fork bomb", made, 2)
    made = answered(released, answers(f"print(2)\n    {RIGHT}"))
    made.cells.insert(6, nbformat.v4.new_code_cell("for _ in range(10**6):\n    print('x' * 1000)"))
    add("prints a gigabyte", made, 2)
    made = answered(released, answers(f"print(3)\n    {RIGHT}"))
    made.cells = [c for c in made.cells if not c.metadata.get("nbgrader", {}).get("grade")]
    add("deleted tests", made, 2)
    made = answered(released, answers("return 7"))
    made.cells = [c for c in made.cells if "nbgrader" not in c.metadata]
    add("deleted cells", made, 0)
    made = answered(released, answers("return 8"))
    for cell in made.cells:
        mark = cell.metadata.get("nbgrader", {})
        if mark.get("grade"):
            cell.source = "pass"
            mark["points"] = 100
    add("changed tests", made, 1)

    (folder / "invalid").mkdir()
    (folder / "invalid" / name).write_text('{"cells": [')
    (folder / "deep").mkdir()
    (folder / "deep" / name).write_text("[" * 100_000)
    (folder / "link").mkdir()
    (folder / "link" / name).symlink_to("/etc/passwd")
    expected |= {"invalid": None, "deep": None, "link": None}
    assert len(expected) == 30
    return expected


def report(checkout):
    done = checkout.run("toolkit", "classroom", "report", "course", "--no-feedback")
    assert done.returncode == 0, done.stderr
    return {row["student"]: row for row in csv.DictReader((checkout.folder / "course" / "grades.csv").open())}


def _command(process):
    try:
        return process.cmdline()
    except psutil.Error:
        return []


@pytest.mark.slow
def test_every_submission_gets_a_grade_or_a_reason(school, tmp_path):
    expected = fill(school, tmp_path / "handed in")
    collected = school.run("toolkit", "classroom", "collect", "course", tmp_path / "handed in")
    assert collected.returncode == 0, collected.stderr
    assert "invalid, toy-paper: toy-paper.ipynb cannot be read: it is not valid JSON" in collected.stderr

    # the first batch is killed in the middle; what it had graded is not graded again
    command = [sys.executable, "-m", "toolkit", "classroom", "grade", "course"]
    environment = os.environ | {"PYTHONPATH": str(school.folder)}
    batch = subprocess.Popen(command, cwd=school.folder, env=environment, stderr=subprocess.PIPE, text=True)
    first = [batch.stderr.readline() for _ in range(4)]
    batch.send_signal(signal.SIGKILL)
    batch.communicate()
    time.sleep(1)
    assert not [p for p in psutil.process_iter() if str(school.folder) in " ".join(_command(p))]
    before = {name: row["score"] for name, row in report(school).items() if row["state"] == "graded"}
    assert len(before) >= 4 and all("27]" in line for line in first)
    graded = school.run("toolkit", "classroom", "grade", "course")
    assert graded.returncode == 0, graded.stderr
    assert f"{27 - len(before)} graded, 0 not" in graded.stdout

    rows = report(school)
    for student, score in expected.items():
        assert rows[student]["score"] == ("" if score is None else f"{float(score)}"), (rows[student], graded.stderr)
        assert rows[student]["state"] == ("not graded" if score is None else "graded")
        assert score is not None or "cannot be read" in rows[student]["notes"]
    assert {name: rows[name]["score"] for name in before} == before
    notes = {name: row["notes"] for name, row in rows.items()}
    assert notes["copy"] == "same answers as: original" and notes["original"] == "same answers as: copy"
    assert not [name for name, text in notes.items() if "same answers" in text and name not in ("copy", "original")]
    assert notes["renamed"] == "the file was named My homework (2).ipynb"
    assert "the cell mean-tests was deleted; restored" in notes["deleted tests"]
    assert "the locked cell mean-tests was changed; restored" in notes["changed tests"]
    assert "points" in notes["changed tests"] and "builtins.all" in notes["replaces all"]
    assert "was stopped after 4 s" in notes["prints a gigabyte"] or notes["prints a gigabyte"] == ""
    assert all(os.path.getsize(p) < 5e6 for p in (school.folder / "course").rglob("*.ipynb"))

    # one student hands in again: only this submission is graded
    released = nbformat.read(school.folder / "course" / "release" / CHAPTER / f"{CHAPTER}.ipynb", 4)
    better = answered(released, answers("return sum(values) / max(1, len(values))"))
    hand_in(better, tmp_path / "later", "wrong", "a.ipynb")
    assert school.run("toolkit", "classroom", "collect", "course", tmp_path / "later").returncode == 0
    assert "1 graded, 0 not" in school.run("toolkit", "classroom", "grade", "course").stdout
    assert report(school)["wrong"]["score"] == "2.0"
    assert "0 graded, 0 not" in school.run("toolkit", "classroom", "grade", "course").stdout

    # the course is an ordinary one of nbgrader
    course = school.folder / "course"
    environment["PATH"] = f"{os.path.dirname(sys.executable)}:{os.environ['PATH']}"  # for alembic

    def nbgrader(*arguments):
        command = [sys.executable, "-m", "nbgrader", *arguments]
        done = subprocess.run(command, cwd=course, env=environment, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr

    assert CHAPTER in nbgrader("db", "assignment", "list") and "山田 太郎" in nbgrader("db", "student", "list")
    nbgrader("autograde", CHAPTER, "--student=changed tests", "--force")
    assert report(school)["changed tests"]["score"] == "1.0"
    done = school.run("toolkit", "classroom", "report", "course")
    assert done.returncode == 0, done.stderr
    pages = list((course / "feedback").rglob("*.html"))
    assert len(pages) == 27 and "not the mean" not in pages[0].read_text()
    json.loads((course / "source" / CHAPTER / f"{CHAPTER}.ipynb").read_text())
