"""The record of a full run: made by the command, whole or not at all; refused where the catalogue disagrees."""

import json

import pytest

from toolkit.catalog import Chapter, chapter
from toolkit.catalog.schema import Bound
from toolkit.reproduce import full
from toolkit.reproduce.notebooks import chapters

VALUES = "[0.5 + 0.01 * k + (0.3 if profile == 'full' else 0) for k in range(seeds)]"


def test_a_full_run_is_recorded(checkout):
    notebook = checkout.add("good-one", check=VALUES + ')\npaper.measure("twice <that>", [1.0, 2.0], unit="s"')
    before = notebook.read_bytes()
    ran = checkout.run("toolkit", "reproduce", "--profile", "full", "-p", "scale=2", "--store", "--out", "out")
    assert ran.returncode == 0, ran.stderr
    assert notebook.read_bytes() == before, "the default run's outputs stay"
    file = notebook.with_name("good-one.full.json")
    content = json.loads(file.read_text())
    assert content["parameters"]["profile"] == "full" and content["parameters"]["scale"] == 2.0
    (claim,) = content["claims"]
    assert claim["mean"] == pytest.approx(0.82) and claim["n"] == 5 and claim["verdict"] == "reproduced"
    assert content["measurements"][0]["name"] == "twice <that>" and content["measurements"][0]["mean"] == 1.5
    assert set(content["machine"]) == {"processor", "threads", "memory_gb", "gpu"}
    assert content["date"] and content["seconds"] > 0 and "torch" in content["versions"]

    kept = file.read_text()
    notebook.write_text(notebook.read_text().replace("if profile", "/ 0 if profile"))
    failed = checkout.run("toolkit", "reproduce", "--profile", "full", "--store", "--out", "out")
    assert failed.returncode == 1 and file.read_text() == kept


def recorded(**changes) -> tuple[full.FullRun, Chapter]:
    entry = chapter("lottery-ticket").model_copy(update={"claims": chapter("lottery-ticket").claims[:1]})
    numbers = {"values": [0.0, 0.01, 0.02], "mean": 0.01, "low": -0.01484138, "high": 0.03484138, "n": 3}
    run = {
        "slug": "lottery-ticket",
        "run": "lottery-ticket-0123",
        "date": "2026-01-31",
        "parameters": {"profile": "full", "seeds": 3, "seed": 0},
        "machine": {"processor": "some processor", "threads": 1, "memory_gb": 8, "gpu": None},
        "device": "cpu",
        "versions": {"python": "3.12"},
        "seconds": 60.0,
        "peak_memory_mb": 100.0,
        "claims": [numbers | {"claim": "matching", "verdict": "in doubt"}],
        "measurements": [numbers | {"name": "something else", "unit": "points"}],
    }
    return run | changes, entry


def write(folder, content):
    notebook = folder / "lottery-ticket.ipynb"
    full.path(notebook).write_text(json.dumps(content))
    return notebook


def test_a_record_is_read_back(tmp_path):
    content, entry = recorded()
    run = full.load(write(tmp_path, content), entry)
    assert run.date.year == 2026 and run.changes({"seeds": 20, "seed": 0}) == {"seeds": 3}
    assert run.entries(entry)[0]["paper_value"] == entry.claims[0].paper_value
    assert full.load(tmp_path / "none.ipynb", entry) is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"parameters": {"profile": "quick"}}, "field 'parameters': must have profile 'full'"),
        ({"parameters": {}}, "must have profile 'full'"),
        ({"slug": "fastrp"}, "belongs to 'fastrp'"),
        ({"claims": []}, "field 'claims'"),
        ({"host": "mine"}, "field 'host'"),
        ({"date": "yesterday"}, "field 'date'"),
        ({"run": " "}, "field 'run'"),
    ],
)
def test_a_wrong_record_is_refused(tmp_path, change, message):
    content, entry = recorded(**change)
    with pytest.raises(ValueError, match=message):
        full.load(write(tmp_path, content), entry)


def test_numbers_and_verdicts_must_follow(tmp_path):
    content, entry = recorded()
    claim = entry.claims[0]
    moved = entry.model_copy(update={"claims": [claim.model_copy(update={"bound": Bound(above=-0.1)})]})
    with pytest.raises(ValueError, match="verdict of 'matching' is 'in doubt'; by the catalogue's bound"):
        full.load(write(tmp_path, content), moved)
    other = entry.model_copy(update={"claims": [claim.model_copy(update={"id": "other"})]})
    with pytest.raises(ValueError, match="its claims are matching; those of the catalogue are other"):
        full.load(write(tmp_path, content), other)
    for kind, name in (("claims", "matching"), ("measurements", "something else")):
        wrong, _ = recorded()
        wrong[kind][0]["mean"] = 0.02
        with pytest.raises(ValueError, match=f"of '{name}' do not follow"):
            full.load(write(tmp_path, wrong), entry)
    full.path(tmp_path / "lottery-ticket.ipynb").write_text("{")
    with pytest.raises(ValueError, match="not readable as JSON"):
        full.load(tmp_path / "lottery-ticket.ipynb", entry)


def test_every_committed_record_agrees_with_the_catalogue():
    notebooks = chapters()
    folders = {path.parent for path in notebooks.values()}
    files = {file for folder in folders for file in folder.parent.glob("*/*.full.json")}
    assert files <= {full.path(path) for path in notebooks.values()}, "every record belongs to a chapter"
    for slug, path in notebooks.items():
        full.load(path, chapter(slug))
