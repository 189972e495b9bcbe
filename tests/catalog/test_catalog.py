"""The catalogue's files are right, and mistakes in one are named by file, chapter and field."""

from pathlib import Path

import pytest
import yaml

from toolkit.catalog import CatalogError, load_part, parts
from toolkit.catalog.load import FOLDER

PARTS = (
    "init limits overparam landscape tickets compress metanets gnn netsci links mixtures generative memory science "
    "represent"
).split()


def test_fifteen_parts_and_all_their_papers():
    assert list(parts()) == PARTS
    assert sum(len(part.chapters) + len(part.planned) for part in parts().values()) == 222


def good():
    return yaml.safe_load((FOLDER / "tickets.yml").read_text())


def write(tmp_path, data) -> Path:
    path = tmp_path / "tickets.yml"
    path.write_text(yaml.safe_dump(data) if isinstance(data, dict | list) else data)
    return path


def damage(data, what):
    chapter = next(c for c in data["chapters"] if c["slug"] == "lottery-ticket")
    claim = chapter["claims"][0]
    match what:
        case "no bound":
            del claim["bound"]
        case "empty bound":
            claim["bound"] = {}
        case "crossed bound":
            claim["bound"] = {"above": 2, "below": 1}
        case "verdict":
            claim["expected"] = "maybe"
        case "no reason":
            claim.update(expected="in doubt")
            claim.pop("reason", None)
        case "typo":
            chapter["questoin"] = chapter.pop("question")
        case "year":
            chapter["year"] = "soon"
        case "arxiv":
            chapter["arxiv"] = "1803"
        case "twice":
            chapter["claims"].append(dict(claim))
        case "planned":
            data["planned"][0]["title"] = ""
    return data


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("no bound", ["chapter 'lottery-ticket'", "claim 'matching'", "field 'bound'"]),
        ("empty bound", ["claim 'matching'", "field 'bound'", "give 'above', 'below' or both"]),
        ("crossed bound", ["must be smaller"]),
        ("verdict", ["field 'expected'", "'in doubt'"]),
        ("no reason", ["claim 'matching'", "needs a 'reason'"]),
        ("typo", ["field 'question'", "field 'questoin'"]),
        ("year", ["field 'year'"]),
        ("arxiv", ["field 'arxiv'"]),
        ("twice", ["claim id used twice: matching"]),
        ("planned", ["field 'title'"]),
    ],
)
def test_mistakes_are_named(tmp_path, what, words):
    with pytest.raises(CatalogError) as caught:
        load_part(write(tmp_path, damage(good(), what)))
    assert "tickets.yml" in str(caught.value)
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("a: [", "not readable as YAML"),
        ([1, 2], "must hold a mapping"),
        ("id: other\nnumber: 1\ntitle: abc\nsummary: abc", "file's name"),
    ],
)
def test_files_that_are_no_catalogue(tmp_path, content, words):
    with pytest.raises(CatalogError, match=words):
        load_part(write(tmp_path, content))
