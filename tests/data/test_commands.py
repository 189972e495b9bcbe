"""``toolkit data`` lists, fetches, verifies and shows; what it cannot do it says in one sentence."""

import json
import shutil

import pytest
from typer.testing import CliRunner

from toolkit.cli import app
from toolkit.data import registry


def run(*arguments):
    result = CliRunner().invoke(app, ["data", *arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


@pytest.fixture
def toys(server, cache, monkeypatch):
    """Two small sets in place of the book's own."""
    known = {name: server.entry(name=name) for name in ("toy", "other")}
    known["other"] = server.entry(name="other", members=["one"], file="other.bin")
    monkeypatch.setattr(registry, "sets", lambda: known)
    return known


def test_list_of_the_book(cache):
    rows = json.loads(run("list", "--json").stdout)
    assert [row["name"] for row in rows] == list(registry.sets()) and not any(row["here"] for row in rows)
    assert {"title", "license", "bytes", "members", "kind"} <= set(rows[0])
    assert "tinyshakespeare" in run("list").stdout


def test_fetch_verify_and_path(toys, server, cache):
    first = run("fetch", "toy", "one")
    assert first.exit_code == 0 and first.stdout.splitlines() == [
        "toy: fetched 1 files, 0.0 MB",
        "other: fetched 1 files, 0.0 MB",
    ]
    assert run("fetch", "all").stdout == "toy: is here\nother: is here\n" and server.requests.total() == 2
    assert run("verify").stdout == "toy: 1 right, 0 wrong\nother: 1 right, 0 wrong\n"
    assert run("path", "toy").stdout.strip() == str(cache / "toy")
    assert all(row["here"] for row in json.loads(run("list", "--json").stdout))


def test_verify_finds_what_is_wrong_and_what_is_missing(toys, cache):
    run("fetch", "toy")
    (cache / "toy" / "folder" / "toy.bin").write_bytes(b"cut")
    damaged = run("verify")
    assert damaged.exit_code == 1 and "toy: 0 right, 1 wrong, not complete" in damaged.stdout
    assert "toy.bin has 3 bytes in place of 40,000" in damaged.stderr
    shutil.rmtree(cache / "toy")
    assert run("verify").exit_code == 0, "what is not here is not wrong"
    missing = run("verify", "toy")
    assert missing.exit_code == 1 and missing.stdout == "toy: 0 right, 0 wrong, not complete\n"


def test_one_failure_does_not_stop_the_others(toys, server):
    server.faults["bad"] = ["404"]
    toys["toy"] = server.entry("bad")
    result = run("fetch", "all")
    assert result.exit_code == 1 and result.stdout.startswith("other: fetched 1 files")
    assert result.stderr.count("\n") == 1 and "answered 404" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["fetch", "corra"], "there is no data set 'corra'; did you mean 'cora'?"),
        (["verify", "corra"], "did you mean 'cora'"),
        (["path", "mnist"], "data set mnist is not here; 'toolkit data fetch mnist' gets it"),
        (["fetch", "xor-benign-grokking"], "'xor-benign-grokking' uses no data set that can be fetched"),
    ],
)
def test_refusals(cache, arguments, words):
    result = run(*arguments)
    assert result.exit_code == 2 and words in result.stderr and result.stderr.count("\n") == 1


def test_a_part_and_a_chapter_stand_for_what_they_use(real):
    for name in ("netsci", "fastrp"):
        result = run("fetch", name)
        assert result.exit_code == 0 and "blogcatalog: is here" in result.stdout
