"""The book's pages are gathered from the committed notebooks as a reader should see them."""

import runpy
from pathlib import Path

import nbformat
import pytest
import yaml

from toolkit.catalog import parts
from toolkit.reproduce.ledger import records
from toolkit.reproduce.notebooks import chapters

HOME = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    build = runpy.run_path(str(HOME / "book" / "build.py"))
    folder = tmp_path_factory.mktemp("source")
    build["gather"].__globals__["SOURCE"] = folder
    build["gather"]()
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
            if "nbgrader" in cell.metadata:
                assert cell.metadata["tags"] == ["hide-cell"] and "### " not in cell.source


def test_ledger_page_has_every_claim(source):
    page = (source / "ledger.md").read_text()
    for path in chapters().values():
        for record in records(path):
            assert f"<td>{record['claim']}</td>" in page


def test_part_pages_list_what_is_to_come(source):
    for name in {path.parent.name for path in chapters().values()}:
        page = (source / name / "index.md").read_text()
        assert all(paper.title in page for paper in parts()[name].planned)
