"""Copies for JupyterLab follow the book until they are edited, and are never overwritten after that."""

import pytest

from toolkit.catalog import UnknownName
from toolkit.lab import CONTENTS, copy_chapters, page
from toolkit.reproduce.notebooks import VARIABLE, chapters


@pytest.fixture
def notebooks(tmp_path, monkeypatch):
    """A folder with a copy of all chapters that stands for the book's own."""
    folder = tmp_path / "notebooks"
    for path in chapters().values():
        target = folder / path.parent.name / path.name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    monkeypatch.setenv(VARIABLE, str(folder))
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "jupyter"))
    return folder


def test_copies_are_the_chapters_and_the_contents_list_them_in_reading_order(notebooks, tmp_path):
    lab = tmp_path / "lab"
    assert copy_chapters(lab) == []
    contents = (lab / CONTENTS).read_text()
    places = []
    for path in chapters().values():
        name = f"{path.parent.name}/{path.name}"
        assert (lab / name).read_bytes() == path.read_bytes()
        places.append(contents.index(f"({name})"))
    assert places == sorted(places)


def test_an_edited_copy_is_kept_and_an_untouched_one_follows_the_book(notebooks, tmp_path):
    lab = tmp_path / "lab"
    copy_chapters(lab)
    first, second, *_ = (path.relative_to(notebooks) for path in chapters().values())
    (lab / first).write_text("mine")
    for name in (first, second):
        (notebooks / name).write_text((notebooks / name).read_text() + "\n")
    notes = copy_chapters(lab)
    assert len(notes) == 1 and notes[0].startswith(str(first)) and "newer version" in notes[0]
    assert (lab / first).read_text() == "mine"
    assert (lab / second).read_bytes() == (notebooks / second).read_bytes()


def test_without_its_records_every_copy_counts_as_edited(notebooks, tmp_path):
    lab = tmp_path / "lab"
    copy_chapters(lab)
    name = next(iter(chapters().values())).relative_to(notebooks)
    (lab / name).write_text("mine")
    (lab / ".copies.json").write_text("{broken")
    copy_chapters(lab)
    assert (lab / name).read_text() == "mine"


def test_the_books_own_folder_is_refused(notebooks, tmp_path):
    with pytest.raises(ValueError, match="the book's own notebooks"):
        copy_chapters(notebooks)
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match="is a file"):
        copy_chapters(tmp_path / "file")


def test_first_page():
    assert page(None) == CONTENTS
    assert page("fastrp") == "netsci/fastrp.ipynb"
    with pytest.raises(UnknownName, match="no chapter 'fastrb'; chapters are: .*fastrp"):
        page("fastrb")


def test_requests_that_cannot_be_meant_are_refused(one_chapter):
    for arguments, words in [
        (["no-such"], "there is no chapter 'no-such'; chapters are: good-one"),
        (["good-one", "--port", "9999"], "write options as --name=value; got good-one 9999"),
        (["--no-browser", "--folder", "notebooks"], "the book's own notebooks"),
    ]:
        refused = one_chapter.run("toolkit", "lab", *arguments)
        assert refused.returncode == 2 and words in refused.stderr
