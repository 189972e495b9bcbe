"""The ledger file, its exports, aggregates and comparisons, without running a notebook."""

import csv
import io
import json
from contextlib import closing
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from toolkit.claims.statistics import interval
from toolkit.cli import app
from toolkit.reproduce.aggregate import aggregate
from toolkit.reproduce.compare import differences
from toolkit.reproduce.export import as_csv, as_html, as_parquet
from toolkit.reproduce.ledger import FIELDS, Ledger, read


def entry(values=(0.5, 0.6), *, slug="chapter", seed=0, **changes) -> dict:
    mean, low, high = interval(list(values))
    made = {
        "run": f"{slug}-{seed}",
        "slug": slug,
        "claim": "first",
        "profile": "quick",
        "parameters": {"seeds": len(values), "seed": seed},
        "values": list(values),
        "mean": mean,
        "low": low if len(values) > 1 else None,
        "high": high if len(values) > 1 else None,
        "n": len(values),
        "unit": "share",
        "paper_value": None,
        "verdict": "reproduced",
        "expected": "reproduced",
        "seconds": 1.5,
        "peak_memory_mb": 100.0,
        "device": "cpu",
        "versions": {"python": "3"},
    }
    return made | changes


def fill(folder, entries):
    with closing(Ledger(folder, write=True)) as ledger:
        for one in entries:
            row = {"run": one["run"], "slug": one["slug"], "parameters": one["parameters"], "state": "done"}
            row |= {"error": None, "attempts": 1, "seconds": 1.5, "compute": 1.0, "startup": 0.2, "notebook": "n"}
            ledger.finish(row, [one])
        ledger.export()


def test_what_goes_in_comes_out(tmp_path):
    entries = [entry(seed=seed) for seed in range(3)]
    fill(tmp_path, entries)
    assert read(tmp_path) == entries == json.loads((tmp_path / "ledger.json").read_text())
    fill(tmp_path, [entry((1.0, 2.0), seed=1)])  # replaced in its place
    assert [e["mean"] for e in read(tmp_path)] == [0.55, 1.5, 0.55]
    assert list(read(tmp_path)[0]) == list(FIELDS)
    assert read(tmp_path / "ledger.json") == read(tmp_path)


def test_planned_runs_are_in_the_ledger_until_they_are_done(tmp_path):
    with closing(Ledger(tmp_path, write=True)) as ledger:
        ledger.plan(
            [SimpleNamespace(key="a", slug="a", parameters={}), SimpleNamespace(key="b", slug="b", parameters={})]
        )
        ledger.plan([SimpleNamespace(key="a", slug="a", parameters={})])
        assert [(row["run"], row["state"]) for row in ledger.runs()] == [("a", "planned"), ("b", "planned")]
        assert ledger.entries() == []


def test_a_change_that_fails_leaves_the_ledger_as_it_was(tmp_path):
    fill(tmp_path, [entry()])
    with closing(Ledger(tmp_path, write=True)) as ledger:
        ledger._file.execute(f"PRAGMA max_page_count = {ledger._file.execute('PRAGMA page_count').fetchone()[0]}")
        with pytest.raises(OSError, match="full"):
            row = dict(ledger.runs()[0], run="b")
            ledger.finish(row, [entry(run="b", claim=f"c{i}", unit="x" * 1000) for i in range(200)])
        assert [r["run"] for r in ledger.runs()] == ["chapter-0"]
    assert len(read(tmp_path)) == 1


def test_what_is_not_a_ledger(tmp_path):
    (tmp_path / "ledger.sqlite").write_text("something else, and long enough to be a file" * 30)
    with pytest.raises(ValueError, match="is not a ledger"):
        read(tmp_path)
    shown = CliRunner().invoke(app, ["ledger", str(tmp_path)])
    assert shown.exit_code == 2
    with pytest.raises(ValueError, match="is not a ledger"):
        Ledger(tmp_path, write=True)


def test_exports(tmp_path):
    pa = pytest.importorskip("pyarrow.parquet")
    entries = [entry(seed=seed, paper_value=None if seed else 4.0) for seed in range(2)] + [entry((0.5,), seed=9)]
    rows = list(csv.DictReader(io.StringIO(as_csv(entries))))
    assert json.loads(rows[0]["values"]) == [0.5, 0.6]
    assert as_html(entries).count("<tr>") == 4
    back = pa.read_table(io.BytesIO(as_parquet(entries))).to_pylist()
    for row in back:
        row |= {name: json.loads(row[name]) for name in ("parameters", "versions")}
    assert back == entries
    fill(tmp_path, entries)
    printed = CliRunner().invoke(app, ["ledger", str(tmp_path), "--format", "parquet"])
    assert pa.read_table(io.BytesIO(printed.stdout_bytes)).num_rows == 3


def test_members_that_two_runs_share_count_once():
    overlapping = [entry((1.0, 2.0, 3.0), seed=0), entry((2.0, 3.0, 4.0), seed=1)]
    (row,) = aggregate(overlapping)
    assert (row["values"], row["n"], row["runs"], row["mean"]) == ([1.0, 2.0, 3.0, 4.0], 4, 2, 2.5)
    assert (row["low"], row["high"]) == pytest.approx(interval([1, 2, 3, 4])[1:])
    assert row["parameters"] == {"seeds": 3} and row["seconds"] == 3.0 and row["run"] is None


def test_values_that_are_not_per_member_count_once_per_run():
    runs = [entry((1.0,), seed=s, parameters={"seeds": 5, "seed": s}, mean=m) for s, m in ((0, 1.0), (5, 3.0))]
    (row,) = aggregate(runs)
    assert (row["values"], row["n"], row["mean"]) == ([1.0, 3.0], 2, 2.0)


def test_other_settings_stay_apart():
    runs = [entry(seed=0), entry(seed=2), entry(seed=0, parameters={"seeds": 2, "seed": 0, "rate": 1})]
    assert [row["runs"] for row in aggregate(runs)] == [2, 1]


def test_the_catalogue_judges_an_aggregate():
    from toolkit.reproduce.ledger import records
    from toolkit.reproduce.notebooks import chapters

    stored = records(next(iter(chapters().values())))[0]
    far = stored | {"parameters": stored["parameters"] | {"seed": 100}}
    (row,) = aggregate([stored, far])
    assert row["n"] == 2 * len(stored["values"]) and row["verdict"] == stored["verdict"]


@pytest.mark.parametrize(
    ("before", "after", "moved"),
    [
        ({}, {}, None),
        ({}, {"values": (0.50001, 0.6)}, None),
        ({"values": (0.5, 0.51, 0.52)}, {"values": (0.9, 0.91, 0.92)}, "mean"),
        ({}, {"verdict": "in doubt"}, "verdict"),
        ({"values": (0.5,)}, {"values": (0.5,)}, None),
        ({"values": (0.5,)}, {"values": (0.6,)}, "mean"),
        ({"values": (0.5, 0.5)}, {"values": (0.6, 0.6), "verdict": "in doubt"}, "verdict, mean"),
    ],
)
def test_what_moved(before, after, moved):
    left, right = (entry(c.pop("values", (0.5, 0.6)), **c) for c in (dict(before), dict(after)))
    (change,) = differences([left], [right])
    assert change["moved"] == moved


def test_compare_on_the_command_line(tmp_path):
    fill(tmp_path / "a", [entry((0.5, 0.51, 0.52)), entry(slug="gone")])
    fill(tmp_path / "b", [entry((0.9, 0.91, 0.92)), entry(slug="new")])
    same = CliRunner().invoke(app, ["ledger", str(tmp_path / "a"), "--compare", str(tmp_path / "a")])
    assert same.exit_code == 0 and "0 moved" in same.stderr
    other = CliRunner().invoke(app, ["ledger", str(tmp_path / "b"), "--compare", str(tmp_path / "a")])
    assert other.exit_code == 3 and all(word in other.stdout for word in ("mean", "only before", "only after"))
    as_json = CliRunner().invoke(
        app, ["ledger", str(tmp_path / "b"), "--compare", str(tmp_path / "a"), "--format", "json"]
    )
    assert {change["moved"] for change in json.loads(as_json.stdout)} == {"mean", "only before", "only after"}
    refused = CliRunner().invoke(
        app, ["ledger", str(tmp_path / "b"), "--compare", str(tmp_path / "a"), "--format", "csv"]
    )
    assert refused.exit_code == 2
