"""Every chapter runs on the device, with tiny settings, from its first cell to its last."""

import json

import pytest

from toolkit.reproduce.batch import execute_all
from toolkit.reproduce.notebooks import chapters
from toolkit.reproduce.plan import plan

TINY = {  # settings by chapter; others get two seeds
    "lottery-ticket": {"seeds": 2, "rounds": 2},
    "fastrp": {"seeds": 2, "dimension": 16},
}


@pytest.mark.slow
@pytest.mark.parametrize("slug", chapters())
def test_chapter(slug, device, tmp_path):
    settings = {"device": device.type, **TINY.get(slug, {"seeds": 2})}
    runs = plan([slug], assignments={name: str(value) for name, value in settings.items()})
    (outcome,) = execute_all(runs, tmp_path)
    assert outcome.ok, outcome.error
    records = json.loads((tmp_path / "ledger.json").read_text())
    assert {record["device"] for record in records} == {device.type}
    assert {record["n"] for record in records} <= {1, 2}
