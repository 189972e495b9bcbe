"""A paper's checks: what they show, what travels in the notebook, and what they refuse."""

import json
import subprocess
import sys

import nbformat
import numpy as np
import pytest

from toolkit.catalog import Chapter, UnknownName
from toolkit.claims import REPORT_MIME, RESULT_MIME, Paper, paper
from toolkit.claims.machine import machine

CLAIMS = [
    {
        "id": "gain",
        "says": "It gains.",
        "place": "abstract",
        "paper_value": 0.5,
        "quantity": "gain",
        "unit": "share",
        "bound": {"above": 0},
    },
    {
        "id": "exact",
        "says": "It is exact.",
        "place": "Section 2",
        "quantity": "error",
        "unit": "share",
        "bound": {"below": 1},
        "deterministic": True,
    },
]


@pytest.fixture
def subject():
    entry = Chapter.model_validate(
        {
            "slug": "a-paper",
            "title": "A <paper>",
            "authors": ["One", "Two"],
            "year": 2020,
            "question": "Does it?",
            "idea": "It does.",
            "claims": CLAIMS,
            "data": ["none"],
            "seconds": 3,
            "tags": ["test"],
            "difficulty": "introductory",
        }
    )
    return Paper(entry)


def test_check_returns_mean_interval_and_verdict(subject):
    result = subject.check("gain", [0.4, 0.5, 0.6])
    assert (result.mean, result.n, result.verdict) == (pytest.approx(0.5), 3, "reproduced")
    assert result.low < 0.5 < result.high
    assert str(result) == "gain: reproduced"
    assert json.loads(json.dumps(result.record()))["values"] == [0.4, 0.5, 0.6]


def test_paired_differences_stay_paired(subject):
    base = np.random.default_rng(0).normal(0, 100, 6)
    gain = np.array([0.1, 0.2, 0.1, 0.3, 0.2, 0.1])
    result = subject.check("gain", base + gain, against=base)
    assert result.mean == pytest.approx(gain.mean()) and result.verdict == "reproduced"


def test_one_value_is_enough_only_for_what_does_not_depend_on_a_seed(subject):
    assert subject.check("exact", 0.5).verdict == "reproduced"
    assert subject.check("gain", 0.5).verdict == "in doubt"
    assert subject.results["gain"].record()["low"] is None


def test_checking_again(subject):
    first = subject.check("gain", [0.4, 0.5])
    assert subject.check("gain", [0.4, 0.5]) is first
    with pytest.raises(ValueError, match="checked before with other values"):
        subject.check("gain", [0.4, 0.6])


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (("gian", [1, 2]), UnknownName, "it has: gain, exact"),
        (("gain", []), ValueError, "'gain' are empty"),
        (("gain", [1, float("nan")]), ValueError, "must be finite"),
    ],
)
def test_refuses(subject, arguments, error, words):
    with pytest.raises(error, match=words):
        subject.check(*arguments)
    assert subject.results == {}


def test_refuses_partners_that_do_not_fit(subject):
    with pytest.raises(ValueError, match="one partner per seed; got 3 and 2"):
        subject.check("gain", [1, 2, 3], against=[1, 2])


def test_report_complains_of_what_was_never_checked(subject):
    subject.check("gain", [0.4, 0.5, 0.6])
    with pytest.raises(ValueError, match="never checked: exact"):
        subject.report()
    subject.check("exact", 0.5)
    bundle = subject.report(device="cpu")._repr_mimebundle_()
    assert "Paper: 0.5 share" in bundle["text/html"] and "reproduced" in bundle["text/html"]
    record = bundle[REPORT_MIME]
    assert record["peak_memory_mb"] > 10 and record["device"] == "cpu" and "numpy" in record["versions"]
    assert subject.verdicts() == "gain: reproduced\nexact: reproduced"


def test_card_as_text_and_html(subject):
    assert "One and Two (2020)" in repr(subject) and "Claim gain: It gains." in repr(subject)
    assert "A &lt;paper&gt;" in subject._repr_html_()


def test_unknown_slug_offers_the_nearest():
    with pytest.raises(UnknownName, match="did you mean 'lottery-ticket'"):
        paper("lotery-ticket")
    with pytest.raises(UnknownName, match="planned but has no chapter"):
        paper("monotone-dbm")


@pytest.mark.slow
def test_a_cell_shows_each_result_once_and_carries_the_record(tmp_path):
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [
        nbformat.v4.new_code_cell(
            "import toolkit\npaper = toolkit.paper('lottery-ticket')\n"
            "first, second = [c.id for c in paper.entry.claims[:2]]"
        ),
        nbformat.v4.new_code_cell("paper.check(first, [1., 2.])\npaper.check(second, [1., 2.])"),
        nbformat.v4.new_code_cell("paper.check(first, [1., 2.])"),
    ]
    source, target = tmp_path / "in.ipynb", tmp_path / "out.ipynb"
    nbformat.write(notebook, source)
    subprocess.run(
        [sys.executable, "-m", "papermill", source, target, "-k", "python3"], check=True, capture_output=True
    )
    _, both, again = nbformat.read(target, as_version=4).cells
    assert [o.data[RESULT_MIME]["n"] for o in both.outputs] == [2, 2]
    assert len(again.outputs) == 1
    assert again.outputs[0].data["text/plain"].endswith(": in doubt")


def test_import_is_light():
    code = (
        "import sys, time; start = time.perf_counter(); import toolkit;"
        "print(time.perf_counter() - start, 'torch' in sys.modules)"
    )
    best, loaded = min(
        subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
        for _ in range(3)
    )
    assert float(best) < 0.1 and loaded == "False"


def test_a_number_beside_the_claims_has_an_interval_and_no_verdict(subject):
    found = subject.measure("how much", [1.0, 2.0, 3.0], unit="kg")
    assert str(found) == "how much: 2.0 [-0.5, 4.5] kg, n = 3"
    assert found.record()["mean"] == 2.0 and "verdict" not in found.record() and not subject.results
    assert subject.measure("one", 4.0, unit="kg").record()["low"] is None
    with pytest.raises(ValueError, match="values of 'none' are empty"):
        subject.measure("none", [], unit="kg")


def test_the_machine_is_described_without_names(monkeypatch):
    import platform

    import torch

    found = machine("cpu")
    assert found["threads"] == torch.get_num_threads() and found["processor"] and found["gpu"] is None
    assert platform.node() not in json.dumps(found)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: f"card {device}")
    assert machine("cuda:0")["gpu"] == "card cuda:0"
