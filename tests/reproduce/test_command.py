"""The researcher's way: ask for chapters, get a ledger. What is wrong is refused before anything runs."""

import csv
import io
import json

import nbformat
import pytest

FIELDS = (
    "run slug claim profile parameters values mean low high n unit paper_value verdict expected seconds "
    "peak_memory_mb device versions"
).split()


def test_a_batch_from_request_to_ledger(checkout):
    checkout.add("good-one", check="[0.5 + 0.01 * k + seed for k in range(seeds)]")
    checkout.add("bad-one", check="[1 / 0]")
    checkout.add("low-one", part="tickets", check="[0.1] * seeds")

    ran = checkout.run("toolkit", "reproduce", "--out", "out", "--workers", 2)
    assert ran.returncode == 1, ran.stderr
    assert "failed: bad-one" in ran.stderr and "ZeroDivisionError" in ran.stderr
    assert "good-one" in ran.stdout and "not reproduced (expected: reproduced)" in ran.stdout

    out = checkout.folder / "out"
    entries = {e["slug"]: e for e in json.loads((out / "ledger.json").read_text())}
    assert set(entries) == {"good-one", "low-one"}
    good = entries["good-one"]
    assert list(good) == FIELDS
    assert good["values"] == pytest.approx([0.5, 0.51, 0.52, 0.53, 0.54]) and good["mean"] == pytest.approx(0.52)
    assert good["low"] < 0.52 < good["high"] and good["n"] == 5
    assert (good["verdict"], good["expected"], good["profile"]) == ("reproduced", "reproduced", "quick")
    assert good["parameters"]["seeds"] == 5 and good["seconds"] > 0 and good["peak_memory_mb"] > 10
    assert good["device"] == "auto" and "python" in good["versions"]
    runs = {r["slug"]: r for r in json.loads((out / "runs.json").read_text())}
    assert runs["bad-one"]["state"] == "failed" and "ZeroDivisionError" in runs["bad-one"]["error"]
    kept = nbformat.read(out / runs["bad-one"]["notebook"], as_version=4)
    assert any(o.output_type == "error" for c in kept.cells if c.cell_type == "code" for o in c.outputs)
    assert not list((out / "notebooks").glob(".*"))

    again = checkout.run("toolkit", "reproduce", "good-one", "--out", "out", "-p", "seed=3", "-p", "scale=2")
    assert again.returncode == 0, again.stderr
    entries = [e for e in json.loads((out / "ledger.json").read_text()) if e["slug"] == "good-one"]
    assert [e["parameters"]["seed"] for e in entries] == [0, 3]
    assert entries[1]["parameters"]["scale"] == 2.0 and entries[0]["run"] != entries[1]["run"]

    unexpected = checkout.run("toolkit", "reproduce", "low-one", "--out", "out")
    assert unexpected.returncode == 3

    table = checkout.run("toolkit", "ledger", "out")
    assert "good-one" in table.stdout and table.returncode == 0
    assert json.loads(checkout.run("toolkit", "ledger", "out", "--format", "json").stdout) == json.loads(
        (out / "ledger.json").read_text()
    )
    rows = list(csv.DictReader(io.StringIO(checkout.run("toolkit", "ledger", "out", "--format", "csv").stdout)))
    assert list(rows[0]) == FIELDS and json.loads(rows[0]["values"])
    page = checkout.run("toolkit", "ledger", "out", "--format", "html").stdout
    assert page.startswith("<!doctype html>") and "first-claim" in page


def test_storing_a_default_run(checkout):
    path = checkout.add("good-one")
    assert checkout.run("toolkit", "reproduce", "--store", "--out", "out").returncode == 0
    notebook = nbformat.read(path, as_version=4)
    assert set(notebook.metadata) == {"kernelspec", "language_info", "toolkit"}
    assert notebook.metadata["toolkit"]["profile"] == "quick"
    assert all("papermill" not in cell.metadata for cell in notebook.cells)
    assert "cpu" in json.dumps(notebook) and '"machine"' not in json.dumps(notebook), "where it ran is left out"
    for more in (["-p", "seed=1"], ["--sweep", "seed=0,100"], ["--profile", "full", "--sweep", "seed=0,100"]):
        refused = checkout.run("toolkit", "reproduce", "--store", *more)
        assert refused.returncode == 2 and "--store keeps" in refused.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["god-one"], "did you mean 'good-one'"),
        (["monotone-dbm"], "paper 'monotone-dbm' has no chapter yet"),
        (["science"], "part 'science' has no chapter yet"),
        (["-p", "sede=1"], "good-one has no parameter 'sede'; did you mean 'seed'"),
        (["-p", "seeds=many"], "'seeds' must be of type int"),
        (["-p", "seeds=2.5"], "'seeds' must be of type int"),
        (["-p", "seeds=true"], "'seeds' must be of type int"),
        (["-p", "seeds=0"], "'seeds' must be at least 1"),
        (["-p", "scale=wide"], "'scale' must be of type float"),
        (["-p", "device=tpu"], "'device' must be one of auto, cpu, cuda"),
        (["-p", "seed"], "given as key=value"),
        (["-p", "seed=1", "-p", "seed=2"], "given twice"),
        (["--profile", "full", "-p", "profile=quick"], "give one"),
        (["--profile", "huge"], "huge"),
        (["--workers", "0"], "workers"),
        (["--out", "constraints.txt"], "is a file"),
    ],
)
def test_refused_before_anything_runs(one_chapter, arguments, words):
    refused = one_chapter.run("toolkit", "reproduce", *arguments)
    assert refused.returncode == 2
    assert words in refused.stderr
    assert not (one_chapter.folder / "runs").exists()


def test_list(one_chapter):
    rows = json.loads(one_chapter.run("toolkit", "list", "--json").stdout)
    assert {"slug", "part", "title", "state", "seconds"} == set(rows[0])
    states = {row["slug"]: row["state"] for row in rows}
    assert states["good-one"] == "ready" and states["monotone-dbm"] == "planned"
    memory = json.loads(one_chapter.run("toolkit", "list", "--part", "memory", "--json").stdout)
    assert {row["part"] for row in memory} == {"memory"}
    assert "good-one" in one_chapter.run("toolkit", "list", "--part", "memory").stdout
    refused = one_chapter.run("toolkit", "list", "--part", "memroy")
    assert refused.returncode == 2 and "parts are:" in refused.stderr


def test_ledger_refuses_what_is_none(one_chapter, tmp_path):
    refused = one_chapter.run("toolkit", "ledger", tmp_path)
    assert refused.returncode == 2 and "holds no ledger.json" in refused.stderr
    (tmp_path / "ledger.json").write_text("{")
    refused = one_chapter.run("toolkit", "ledger", tmp_path)
    assert refused.returncode == 2 and "is not a ledger" in refused.stderr
    kept = one_chapter.run("toolkit", "reproduce", "--out", tmp_path)
    assert kept.returncode == 2 and (tmp_path / "ledger.json").read_text() == "{"
