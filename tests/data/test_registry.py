"""The registry is right, mistakes in one are named, and look-up goes from the user's folders to the cache."""

import gzip
import os
from importlib import import_module

import pytest
import yaml

from toolkit.catalog import parts
from toolkit.data.registry import REGISTRY, DataError, UnknownSet, find, names, read_registry, sets
from toolkit.data.store import complete, digest, locate, read, verify


def test_every_set_says_what_it_is_and_has_loaders():
    assert len(sets()) == 20
    for entry in sets().values():
        for loader in entry.loaders:
            module, function = loader.split(".")
            made = getattr(import_module(f"toolkit.data.{module}"), function)
            assert "Source: " in made.__doc__, loader
        assert entry.downloads, f"{entry.name} cannot be fetched"
        for file in entry.downloads:
            assert len(entry.urls(file)) >= 1 and entry.urls(file)[0].startswith("https://")


def test_what_the_catalogue_names_is_registered():
    known = set(names())
    for part in parts().values():
        for paper in [*part.chapters, *part.planned]:
            assert set(paper.full_data) <= known, paper.slug


def test_find_knows_members_and_other_spellings():
    assert find("cora").name == find("Planetoid").name == "planetoid"
    assert find("fashion-mnist").name == "fashion_mnist" and find("imdb_binary").name == "tu_gin_txt"
    with pytest.raises(UnknownSet, match="there is no data set 'corra'; did you mean 'cora'"):
        find("corra")
    with pytest.raises(UnknownSet, match="there are: mnist, fashion_mnist"):
        find("zzzzzz")


def first(**changes):
    entries = yaml.safe_load(REGISTRY.read_text(encoding="utf-8"))[:2]
    entries[0].update(changes)
    return entries


def bad_file(**changes):
    return [{"name": "a", "bytes": 1, "sha256": "0" * 64} | changes]


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        ({"mnist": 1}, "must hold a list"),
        ("a: [", "not readable as YAML"),
        (first(size=3), "data set 'mnist': field 'size': Extra inputs"),
        (first(kind="pictures"), "field 'kind'"),
        (first(name="fashion_mnist"), "the name 'fashion_mnist' already belongs to fashion_mnist"),
        (first(members=["Fashion-MNIST"]), "already belongs to mnist"),
        (first(mirrors=["https://example.org"]), "must end with a slash"),
        (first(mirrors=["file:///etc/"]), "field 'mirrors.0'"),
        (first(files=[]), "field 'files'"),
        (first(files=bad_file(sha256="abc")), "field 'files.0.sha256'"),
        (first(files=bad_file(name="../a")), "file name '../a' must be a plain path"),
        (first(files=bad_file(name="/a")), "must be a plain path"),
        (first(files=bad_file(name=".lock")), "must be a plain path"),
        (first(files=bad_file() * 2), "file 'a' stands twice"),
        (first(files=bad_file(also=[{"name": "b/../../c", "bytes": 1, "sha256": "0" * 64}])), "plain path"),
    ],
)
def test_mistakes_are_named(tmp_path, entries, words):
    path = tmp_path / "registry.yml"
    path.write_text(entries if isinstance(entries, str) else yaml.safe_dump(entries))
    with pytest.raises(DataError) as caught:
        read_registry(path)
    assert str(caught.value).startswith("registry.yml") and words in str(caught.value)


@pytest.fixture
def packed(server):
    """A set whose one file may also lie packed with gzip."""
    import hashlib

    content = gzip.compress(server.content, mtime=0)
    also = [{"name": "toy.txt.gz", "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}]
    entry = server.entry(file="toy.txt")
    file = entry.files[0].model_dump() | {"also": also}
    return server.entry(files=[file]), content


def test_both_forms_of_a_file_are_read_and_nothing_is_fetched(server, cache, packed, tmp_path, monkeypatch):
    entry, content = packed
    for name, text in (("toy.txt.gz", content), ("toy.txt", server.content)):
        folder = tmp_path / name / "toy"
        folder.mkdir(parents=True)
        (folder / name).write_bytes(text)
        monkeypatch.setenv("TOOLKIT_DATA", str(folder.parent))
        assert locate(entry, entry.files[0]) == folder / name
        assert read(entry, "toy.txt") == server.content
        digests = digest(entry)
        assert digests != "absent" and len(digests) == 64
    assert server.requests.total() == 0
    monkeypatch.delenv("TOOLKIT_DATA")
    assert digest(entry) == "absent" and read(entry, "toy.txt") == server.content
    assert digest(entry) == digests, "the same content in another form and place"


def test_folders_are_asked_in_turn_and_before_the_cache(server, cache, tmp_path, monkeypatch):
    entry = server.entry(file="toy.bin")
    folders = [tmp_path / name for name in ("empty", "one", "two")]
    for folder in folders:
        (folder / "toy").mkdir(parents=True)
    for folder in folders[1:]:
        (folder / "toy" / "toy.bin").write_bytes(server.content)
    read(entry, "toy.bin")
    monkeypatch.setenv("TOOLKIT_DATA", os.pathsep.join(map(str, folders)))
    assert complete(entry) == [folders[1] / "toy" / "toy.bin"]


@pytest.mark.parametrize(
    ("content", "words"), [(b"short", "has 5 bytes in place of 40,000"), (b"x" * 40_000, "sha256")]
)
def test_a_wrong_file_in_a_folder_is_refused_and_not_replaced(server, cache, tmp_path, monkeypatch, content, words):
    entry = server.entry(file="toy.bin")
    path = tmp_path / "mine" / "toy" / "toy.bin"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    monkeypatch.setenv("TOOLKIT_DATA", str(path.parents[1]))
    with pytest.raises(DataError, match=words):
        read(entry, "toy.bin")
    assert path.read_bytes() == content and server.requests.total() == 0
    right, wrong = verify(entry)
    assert right == 0 and len(wrong) == 1 and words in wrong[0]


def test_a_folder_that_is_not_there(cache, monkeypatch, tmp_path):
    monkeypatch.setenv("TOOLKIT_DATA", str(tmp_path / "no"))
    with pytest.raises(DataError, match="TOOLKIT_DATA names .*no, which is not a folder"):
        complete(sets()["mnist"])


def test_real_files_are_those_of_the_registry(real):
    for entry in sets().values():
        right, wrong = verify(entry)
        assert wrong == [] and right == len(entry.files) and complete(entry), entry.name
