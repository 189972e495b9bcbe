"""The book's pages are gathered from the committed notebooks as a reader should see them."""

import re
from html import escape

import nbformat
import pytest
import yaml

from book.build import gather
from book.pages.chapter import link_equations
from book.pages.common import FOLDER, glossary, link_papers, link_terms
from book.pages.full import recorded
from toolkit.catalog import chapter, parts
from toolkit.data.registry import sets
from toolkit.reproduce.ledger import measured, records
from toolkit.reproduce.notebooks import chapters


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    folder = tmp_path_factory.mktemp("source")
    gather(folder)
    return folder


def test_every_chapter_and_its_part_is_in_the_contents(source):
    contents = (source / "_toc.yml").read_text()
    yaml.safe_load(contents)
    for slug, path in chapters().items():
        assert f"{path.parent.name}/{slug}" in contents and f"{path.parent.name}/index" in contents


def test_chapter_pages(source):
    for slug, path in chapters().items():
        page = nbformat.read(source / path.parent.name / f"{slug}.ipynb", as_version=4)
        assert f"{{cite:t}}`{slug}`" in page.cells[0].source
        for cell in page.cells:
            outputs = cell.get("outputs", [])
            assert not any("widget-view" in kind for o in outputs for kind in o.get("data", {}))
            if any("image/png" in o.get("data", {}) for o in outputs):
                shown = cell.metadata["mystnb"]
                assert shown["figure"]["caption"] and shown["image"]["alt"]
        exercises = [cell.source.startswith("## Exercises") for cell in page.cells].index(True)
        for number, cell in enumerate(page.cells):
            if "nbgrader" in cell.metadata:
                assert "### " not in cell.source
                folded = cell.metadata.get("tags") == ["hide-cell"]
                assert folded == (number > exercises), "the method is open, answers to exercises are folded"


def test_ledger_page_has_every_claim(source):
    page = (source / "ledger.md").read_text()
    for path in chapters().values():
        for record in records(path):
            assert f"<code>{record['claim']}</code>" in page


def test_every_story_mentions_every_paper_of_its_part_once():
    for part in parts().values():
        story = (FOLDER / "parts" / f"{part.id}.md").read_text()
        assert story.startswith(f"# {part.title}\n")
        mentioned = re.findall(r"\{paper\}`([^`]*)`", story)
        assert sorted(mentioned) == sorted(entry.slug for entry in [*part.chapters, *part.planned]), part.id


def test_catalogue_page_has_every_paper_with_its_state(source):
    page = (source / "catalogue.md").read_text()
    assert page.count('data-state="chapter"') == len(chapters())
    for part in parts().values():
        assert all(escape(paper.title) in page for paper in [*part.chapters, *part.planned])


def test_data_page_has_every_set_with_its_papers(source):
    page = (source / "data.md").read_text()
    assert page.count("<tr data-kind=") == len(sets())
    assert all(f"<code>{name}</code>" in page and escape(entry.license) in page for name, entry in sets().items())
    users = sum("cora" in paper.full_data for part in parts().values() for paper in [*part.chapters, *part.planned])
    assert users > 5 and re.search(r"<code>planetoid</code>.*?data-sort=\"(\d+)\">\1</td></tr>", page)
    assert "- file: data\n" in (source / "_toc.yml").read_text()


def test_links_to_papers():
    ready = {"fastrp": None}
    text = link_papers("{paper}`fastrp` answers {paper}`rethinking-pruning`.", ready)
    assert (
        text.startswith("[Chen et al. (2019)](../netsci/fastrp.ipynb ")
        and "](https://arxiv.org/abs/1810.05270 " in text
    )
    with pytest.raises(ValueError, match="names no paper"):
        link_papers("{paper}`no-such`", ready)


def test_equations_are_linked():
    text = "$$\na = b \\tag{1}\n$$\n\nBy equation (1), and in \\$$c$$ not."
    assert link_equations(text, "x").startswith("$$\na = b\n$$ (x-1)\n\nBy equation {eq}`x-1`,")


@pytest.mark.parametrize(
    "text",
    [
        "`bound`",
        "$bound$",
        "[bound](x.md)",
        "{term}`bound`",
        "# Bound",
        "```\nbound\n```",
        "outbound",
        "| bound |",
        "$$x$$ (bound-1)",
    ],
)
def test_terms_are_not_linked_where_they_are_no_prose(text):
    assert link_terms(text, set()) == text


def test_the_first_mention_of_a_term_is_linked():
    seen = set()
    assert link_terms("Bounds and a bound.", seen) == "{term}`Bounds <bound>` and a bound."
    assert link_terms("A bound.", seen) == "A bound."


def test_the_glossary_is_in_alphabetical_order():
    terms = list(glossary())
    assert len(terms) >= 40 and terms == sorted(terms)


def test_a_recorded_full_run_stands_on_the_chapter_page_and_in_the_ledger(source):
    ledger = (source / "ledger.md").read_text()
    for slug, path in chapters().items():
        run = recorded(path)
        last = nbformat.read(source / path.parent.name / f"{slug}.ipynb", as_version=4).cells[-1].source
        assert last.startswith("## Full profile") == (run is not None)
        if run is None:
            continue
        assert f"{run.date:%Y-%m-%d}" in last and run.machine.processor in last and "toolkit reproduce" in last
        for entry in run.entries(chapter(slug)):
            assert escape(measured(entry)) in last and escape(measured(entry)) in ledger
        assert all(escape(measurement.name) in last for measurement in run.measurements)
    full = [chapter(slug).claims for slug, path in chapters().items() if recorded(path)]
    assert ledger.count('data-scale="full"') == sum(map(len, full))
