"""From a request to runs and their keys."""

import json

import pytest

from toolkit.catalog import chapter
from toolkit.data.registry import find
from toolkit.reproduce import key
from toolkit.reproduce.notebooks import chapters, code, imports, parameters
from toolkit.reproduce.plan import PlanError, parse_sweeps, plan, shared_seeds


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("seed=0:4", ["0", "1", "2", "3"]),
        ("seed=0:20:5", ["0", "5", "10", "15"]),
        ("rate=0.1,1e-3", ["0.1", "1e-3"]),
        ("sizes=[1, 2],[3, 4]", ["[1, 2]", "[3, 4]"]),
        ("name = a , b", ["a", "b"]),
    ],
)
def test_values_of_a_sweep(text, values):
    assert list(parse_sweeps([text]).values()) == [values]


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        (["seed"], "key=a,b,c"),
        (["seed="], "key=a,b,c"),
        (["seed=4:4"], "is empty"),
        (["seed=0:4:0"], "at least 1"),
        (["seed=1,2,1"], "'1' twice"),
        (["seed=1,2", "seed=3,4"], "swept twice"),
    ],
)
def test_sweeps_that_are_none(texts, words):
    with pytest.raises(PlanError, match=words):
        parse_sweeps(texts)


def test_a_grid_holds_every_combination_once():
    slug = next(iter(chapters()))
    runs = plan([slug], {"profile": "full"}, parse_sweeps(["seed=0:3", "seeds=2,3"]))
    found = [(run.parameters["seed"], run.parameters["seeds"]) for run in runs]
    assert found == [(0, 2), (0, 3), (1, 2), (1, 3), (2, 2), (2, 3)]
    assert len({run.key for run in runs}) == 6 and all(run.parameters["profile"] == "full" for run in runs)
    assert "share members" in shared_seeds(runs)
    assert shared_seeds(plan([slug], {}, parse_sweeps(["seed=0:100:50"]))) is None
    with pytest.raises(PlanError, match="both set and swept"):
        plan([slug], {"seed": "1"}, {"seed": ["1"]})


def test_the_default_value_in_a_sweep_is_the_default_run():
    slug, path = next(iter(chapters().items()))
    default = plan([slug])[0]
    assert default.parameters == parameters(path)
    assert plan([slug], {}, {"seed": ["0", "7"]})[0] == default


def test_a_key_changes_with_what_the_numbers_depend_on(monkeypatch):
    slug, path = next(iter(chapters().items()))
    cells, values = code(path), parameters(path)
    first = key.run_key(slug, cells, values)
    assert first == key.run_key(slug, [cell.replace("\n", "\r\n") for cell in cells], json.loads(json.dumps(values)))
    assert first.startswith(f"{slug}-")
    others = {key.run_key(slug, [*cells, "1"], values), key.run_key(slug, cells, values | {"seed": 9})}
    monkeypatch.setattr(key, "toolkit_code", lambda: "other")
    others.add(key.run_key(slug, cells, values))
    assert len(others | {first}) == 4


def test_a_full_key_changes_with_the_data_that_are_here(monkeypatch, tmp_path):
    slug, path = "lottery-ticket", chapters()["lottery-ticket"]
    cells, values = code(path), parameters(path)
    full = values | {"profile": "full"}
    entry = find(chapter(slug).full_data[0])
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("TOOLKIT_DATA", raising=False)
    quick, absent = key.run_key(slug, cells, values), key.run_key(slug, cells, full)
    assert key.data_used(slug, values) == {} and set(key.data_used(slug, full).values()) == {"absent"}

    folder = tmp_path / "data"
    for file in entry.files:  # empty files of the right size: a key reads none
        (folder / entry.name / file.name).parent.mkdir(parents=True, exist_ok=True)
        with open(folder / entry.name / file.name, "wb") as made:
            made.truncate(file.bytes)
    monkeypatch.setenv("TOOLKIT_DATA", str(folder))
    present = key.run_key(slug, cells, full)
    assert len(key.data_used(slug, full)[entry.name]) == 64
    assert present != absent and key.run_key(slug, cells, values) == quick
    assert present == key.run_key(slug, cells, full)

    other = entry.model_copy(update={"files": [f.model_copy(update={"sha256": "0" * 64}) for f in entry.files]})
    monkeypatch.setattr(key, "find", lambda name: other if name == entry.name else find(name))
    assert key.run_key(slug, cells, full) not in (present, absent), "the registry names another content"
    monkeypatch.setattr(key, "find", find)

    (folder / entry.name / entry.files[0].name).write_bytes(b"cut")
    assert key.run_key(slug, cells, full) == absent
    monkeypatch.setenv("TOOLKIT_DATA", str(tmp_path / "no"))
    with pytest.raises(PlanError, match="TOOLKIT_DATA names .*, which is not a folder"):
        plan([slug], {"profile": "full"})


def test_a_key_does_not_change_with_the_batch_runner_or_other_chapters(checkout):
    checkout.add("good-one")
    first = checkout.run("toolkit", "reproduce", "good-one", "--dry-run", "--out", "o").stdout
    (checkout.folder / "toolkit" / "reproduce" / "extra.py").write_text("x = 1\n")
    checkout.add("another-one", part="tickets")
    assert checkout.run("toolkit", "reproduce", "good-one", "--dry-run", "--out", "o").stdout == first
    assert "to run" in first
    (checkout.folder / "toolkit" / "graphs" / "extra.py").write_text("x = 1\n")
    assert checkout.run("toolkit", "reproduce", "good-one", "--dry-run", "--out", "o").stdout != first
    assert not (checkout.folder / "o").exists()


def test_imports_of_cells():
    sources = [
        "import numpy as np\nfrom torch.nn import Linear",
        "def f():\n    import networkx",
        "%magic",
        "import toolkit",
    ]
    assert imports(sources) == {"numpy", "torch.nn", "networkx"}
