"""Every chapter has the book's form, and its exercises grade right answers right and wrong ones wrong."""

import re
import runpy
from pathlib import Path

import nbformat
import pytest
from form import TODO, exercises, grade, problems

from toolkit.catalog import chapter, parts
from toolkit.reproduce.notebooks import chapters, root

READY = chapters()
WRONG = Path(__file__).parent / "wrong_answers"


def test_every_entry_has_a_notebook_and_every_notebook_an_entry():
    entries = {(part.id, c.slug) for part in parts().values() for c in part.chapters}
    files = {(path.parent.name, path.stem) for path in root().glob("*/*.ipynb")}
    assert entries == files


@pytest.mark.parametrize("slug", READY)
def test_form(slug):
    assert problems(READY[slug], chapter(slug)) == []


def test_a_loaded_data_set_must_be_named_in_the_catalogue(tmp_path):
    notebook = nbformat.read(READY["fastrp"], as_version=4)
    cell = next(cell for cell in notebook.cells if cell.cell_type == "code")
    cell.source += "\nfrom toolkit.data.citation import planetoid\n"
    path = tmp_path / "fastrp.ipynb"
    nbformat.write(notebook, path)
    entry = chapter("fastrp")
    sentence = "loads the data set planetoid, which the catalogue's field full_data does not name"
    assert sentence in problems(path, entry)
    assert sentence not in problems(path, entry.model_copy(update={"full_data": [*entry.full_data, "cora"]}))


@pytest.mark.parametrize("slug", READY)
def test_stored_numbers_belong_to_the_catalogue(slug):
    """A catalogue edited after the run (another bound, say) must be run again."""
    from toolkit.claims import interval, judge
    from toolkit.reproduce.ledger import records

    for record in records(READY[slug]):
        claim = chapter(slug).claim(record["claim"])
        mean, low, high = interval(record["values"], method=claim.interval)
        if claim.deterministic and record["n"] == 1:
            low = high = mean
        assert judge(mean, low, high, claim.bound) == record["verdict"]
        assert record["unit"] == claim.unit and record["paper_value"] == claim.paper_value


def test_nothing_is_left_to_write_in_catalogue_and_bibliography():
    home = root().parent
    files = [*(home / "toolkit" / "catalog").glob("*.yml"), home / "book" / "references.bib"]
    assert [path.name for path in files if TODO in path.read_text()] == []


@pytest.mark.parametrize("slug", READY)
def test_bibliography_has_the_paper(slug):
    text = (root().parent / "book" / "references.bib").read_text()
    found = re.search(rf"@\w+\{{{slug},(.*?)\n\}}", text, re.DOTALL)
    assert found, f"references.bib has no entry {slug}"
    body, entry = found.group(1), chapter(slug)
    assert str(entry.year) in body
    assert all(name in body for name in entry.authors if name != "others")


@pytest.mark.parametrize("slug", READY)
def test_right_answers_pass_and_wrong_ones_fail(slug):
    found = exercises(READY[slug])
    wrong = runpy.run_path(str(WRONG / f"{slug}.py"))["WRONG"]
    assert found and set(wrong) == {name for name, *_ in found}
    for name, solution, tests, before in found:
        grade(before, solution, tests)
        empty = re.sub(
            r"( *)### BEGIN SOLUTION.*?### END SOLUTION", r"\1raise NotImplementedError", solution, flags=re.DOTALL
        )
        with pytest.raises(NotImplementedError):
            grade(before, empty, tests)
        assert len(wrong[name]) >= 2
        for answer in wrong[name]:
            with pytest.raises(Exception) as caught:  # noqa: B017, PT011 - any failure is a failed grade
                grade(before, answer, tests)
            assert not isinstance(caught.value, SyntaxError | NameError), f"not a plausible answer: {caught.value}"
