"""A new chapter's skeleton runs, and lacks nothing but the text that is to be written."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from toolkit.reproduce.notebooks import root

HOME = root().parent


@pytest.fixture
def copy(tmp_path):
    """A checkout with the package and no chapters."""
    for name in ("toolkit", "book"):
        shutil.copytree(HOME / name, tmp_path / name, ignore=shutil.ignore_patterns("_build", "__pycache__"))
    (tmp_path / "notebooks").mkdir()
    shutil.copy(HOME / "constraints.txt", tmp_path)
    return tmp_path


def run(copy, *arguments):
    environment = {"PYTHONPATH": str(copy), "PATH": "/usr/bin:/bin", "HOME": str(copy)}
    return subprocess.run(
        [sys.executable, "-m", *arguments], cwd=copy, env=environment, capture_output=True, text=True, timeout=120
    )


@pytest.mark.slow
@pytest.mark.parametrize(("part", "slug"), [("memory", "monotone-dbm"), ("tickets", "my-own-paper")])
def test_skeleton_runs_and_has_the_form(copy, part, slug):
    made = run(copy, "toolkit", "new", part, slug)
    assert made.returncode == 0, made.stderr
    ran = run(copy, "toolkit", "reproduce", slug, "--store", "--out", "out")
    assert ran.returncode == 0, ran.stderr
    code = (
        "import sys, json; sys.path.insert(0, sys.argv[1]); from pathlib import Path; from form import problems;"
        "from toolkit.catalog import chapter; print(json.dumps(problems(Path(sys.argv[2]), chapter(sys.argv[3]))))"
    )
    form = subprocess.run(
        [sys.executable, "-c", code, str(Path(__file__).parent), str(copy / f"notebooks/{part}/{slug}.ipynb"), slug],
        cwd=copy,
        env={"PYTHONPATH": str(copy), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
    )
    assert form.returncode == 0, form.stderr
    left = json.loads(form.stdout)
    assert left and all(line.startswith("TODO") for line in left), left
    assert f"{{{slug}," in (copy / "book" / "references.bib").read_text()
    again = run(copy, "toolkit", "new", part, slug)
    assert again.returncode == 2 and "already stands" in again.stderr


@pytest.mark.parametrize(
    ("part", "slug", "words"),
    [
        ("nowhere", "a-paper", "there is no part 'nowhere'"),
        ("tickets", "Bad_Slug", "must be small letters"),
        ("tickets", "monotone-dbm", "planned in part 'memory'"),
    ],
)
def test_refusals_change_nothing(copy, part, slug, words):
    before = {p: p.read_bytes() for p in copy.rglob("*.yml")}
    refused = run(copy, "toolkit", "new", part, slug)
    assert refused.returncode == 2 and words in refused.stderr
    assert {p: p.read_bytes() for p in copy.rglob("*.yml")} == before
    assert not list((copy / "notebooks").rglob("*.ipynb"))
