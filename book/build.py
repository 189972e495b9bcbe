"""Gathers the pages in one folder and builds the book from it; warnings are errors.

Pages are those written by hand, the chapters, and those made from the catalogue, the stored results, the
benchmarks and the docstrings.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import yaml

from book.mend import mend
from book.pages import benchmarks, catalogue, chapter, data, front, ledger, part, reference
from book.pages.common import FOLDER, repository
from toolkit.catalog import parts
from toolkit.reproduce.notebooks import chapters

HOW_TO = ["run-a-chapter", "run-a-batch", "teach-a-class", "add-a-chapter", "add-a-data-set"]


def build(output: Path) -> int:
    """Builds the book into ``output/html``; returns the builder's exit code."""
    output = output.resolve()
    gather(output / "source")
    builder = [sys.executable, "-c", "from jupyter_book.cli.main import main; main()", "build"]
    command = [*builder, str(output / "source"), "--path-output", str(output), "--all", "-W", "-n", "--keep-going"]
    code = subprocess.call(command)
    if code == 0:
        shutil.rmtree(output / "html", ignore_errors=True)
        shutil.move(output / "_build" / "html", output / "html")
        shutil.rmtree(output / "_build")
        mend(output / "html")
    return code


def gather(source: Path) -> None:
    """Writes all pages of the book, with contents and settings, to the folder ``source``."""
    shutil.rmtree(source, ignore_errors=True)
    source.mkdir(parents=True)
    for name in ("_config.yml", "references.bib", "static"):
        copy = shutil.copytree if (FOLDER / name).is_dir() else shutil.copy
        copy(FOLDER / name, source / name)
    shutil.copytree(FOLDER / "howto" / "pictures", source / "howto" / "pictures", ignore=shutil.ignore_patterns("*.py"))
    ready = chapters()
    pages = {
        "index.md": front.page(ready),
        "catalogue.md": catalogue.page(ready),
        "data.md": data.page(),
        "ledger.md": ledger.page(ready),
        "benchmarks.md": benchmarks.page(),
        **reference.pages(),
    }
    for path in [FOLDER / "bibliography.md", FOLDER / "glossary.md", *sorted((FOLDER / "howto").glob("*.md"))]:
        pages[str(path.relative_to(FOLDER))] = path.read_text(encoding="utf-8").replace("{{repository}}", repository())
    contents = []
    for group in parts().values():
        pages[f"{group.id}/index.md"] = part.page(group, ready)
        done = [entry for entry in group.chapters if entry.slug in ready]
        for entry in done:
            page = source / group.id / f"{entry.slug}.ipynb"
            page.parent.mkdir(exist_ok=True)
            nbformat.write(chapter.page(ready[entry.slug], group, entry), page)
            chapter.write_thumbnail(ready[entry.slug], source / "static" / "thumbnails" / f"{entry.slug}.webp")
            original = source / "extra" / "notebooks" / group.id / page.name
            original.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ready[entry.slug], original)
        files = [{"file": f"{group.id}/{entry.slug}"} for entry in done]
        contents.append({"file": f"{group.id}/index"} | ({"sections": files} if files else {}))
    for name, text in pages.items():
        (source / name).parent.mkdir(exist_ok=True)
        (source / name).write_text(text, encoding="utf-8")
    (source / "_toc.yml").write_text(yaml.safe_dump(_contents(contents), sort_keys=False))


def _contents(chapters: list[dict]) -> dict:
    """The table of contents in reading order."""

    def files(*names: str) -> list[dict]:
        return [{"file": name} for name in names]

    rooms = [f"reference/{name}" for name in reference.ROOMS]
    return {
        "format": "jb-book",
        "root": "index",
        "parts": [
            {"caption": "Parts", "chapters": chapters},
            {"caption": "Results", "chapters": files("ledger", "catalogue", "data", "benchmarks")},
            {"caption": "How to", "chapters": files(*(f"howto/{name}" for name in HOW_TO))},
            {
                "caption": "Reference",
                "chapters": [
                    *files("glossary"),
                    {"file": "reference/index", "sections": files(*rooms)},
                    *files("bibliography"),
                ],
            },
        ],
    }
