"""Builds the book from the committed notebooks, without running them. Usage: python book/build.py

The pages are gathered in ``book/_build/source``: those written by hand, the chapters, and those made from the
catalogue, the stored results and the benchmarks. Warnings are errors.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from html import escape
from pathlib import Path

import nbformat
import yaml

from toolkit.catalog import Chapter, Part, parts
from toolkit.claims.result import badge
from toolkit.reproduce.ledger import measured, paper_says, records
from toolkit.reproduce.notebooks import chapters

BOOK = Path(__file__).resolve().parent
SOURCE = BOOK / "_build" / "source"
WIDGET = "application/vnd.jupyter.widget-view+json"


def main() -> int:
    """Gathers the pages and builds them; returns the exit code of the builder."""
    gather()
    builder = [sys.executable, "-c", "from jupyter_book.cli.main import main; main()"]
    command = [*builder, "build", str(SOURCE), "--path-output", str(BOOK)]
    return subprocess.call([*command, "--all", "-W", "-n", "--keep-going"])


def gather() -> None:
    """Writes all pages of the book to ``SOURCE``."""
    shutil.rmtree(SOURCE, ignore_errors=True)
    SOURCE.mkdir(parents=True)
    for name in ("_config.yml", "introduction.md", "bibliography.md", "references.bib"):
        shutil.copy(BOOK / name, SOURCE)
    shutil.copytree(BOOK / "static", SOURCE / "static")
    ready = chapters()
    contents = []
    for part in parts().values():
        done = [chapter for chapter in part.chapters if chapter.slug in ready]
        if not done:
            continue
        folder = SOURCE / part.id
        folder.mkdir()
        (folder / "index.md").write_text(part_page(part, done), encoding="utf-8")
        for chapter in done:
            notebook = chapter_page(ready[chapter.slug], chapter)
            nbformat.write(notebook, folder / f"{chapter.slug}.ipynb")
        files = [{"file": f"{part.id}/{chapter.slug}"} for chapter in done]
        contents.append({"file": f"{part.id}/index", "sections": files})
    (SOURCE / "ledger.md").write_text(ledger_page(), encoding="utf-8")
    (SOURCE / "benchmarks.md").write_text(benchmark_page(), encoding="utf-8")
    toc = {
        "format": "jb-book",
        "root": "introduction",
        "parts": [
            {"caption": "Chapters", "chapters": contents},
            {
                "caption": "Results",
                "chapters": [{"file": "ledger"}, {"file": "benchmarks"}, {"file": "bibliography"}],
            },
        ],
    }
    (SOURCE / "_toc.yml").write_text(yaml.safe_dump(toc, sort_keys=False))


def chapter_page(path: Path, chapter: Chapter):
    """A chapter's notebook as the book shows it: figures numbered, solutions folded, controls static."""
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[0].source += f"\n\nThe paper is {{cite:t}}`{chapter.slug}`."
    figures = 0
    for cell in notebook.cells:
        if "nbgrader" in cell.metadata:
            kind = "solution" if cell.metadata["nbgrader"]["solution"] else "tests"
            cell.metadata["tags"] = ["hide-cell"]
            cell.metadata["mystnb"] = {
                f"code_prompt_{way}": f"{way.capitalize()} the {kind}" for way in ("show", "hide")
            }
            cell.source = "\n".join(line for line in cell.source.splitlines() if not line.strip().startswith("### "))
        if cell.cell_type != "code":
            continue
        kept = []
        for output in cell.outputs:
            data = output.get("data", {})
            data.pop(WIDGET, None)
            if "image/png" in data:
                figures += 1
                cell.metadata["mystnb"] = {
                    "figure": {"caption": output.metadata["caption"], "name": f"{chapter.slug}-{figures}"},
                    "image": {"alt": output.metadata["image/png"]["alt"]},
                }
            if data.get("text/markdown", "").startswith("*Figure.*"):
                continue  # the figure has it as its caption
            kept.append(output)
        cell.outputs = kept
    return notebook


def part_page(part: Part, done: list[Chapter]) -> str:
    """A part's story, its chapters and the papers still to come."""
    lines = [(BOOK / "parts" / f"{part.id}.md").read_text(encoding="utf-8").rstrip(), "", "## Chapters", ""]
    for chapter in done:
        lines.append(f"- [{chapter.title}]({chapter.slug}.ipynb) {{cite:p}}`{chapter.slug}`. {chapter.question}")
    if part.planned:
        lines += ["", "## Papers to come", ""]
        for paper in sorted(part.planned, key=lambda p: p.year):
            link = f" [{paper.link.removeprefix('https://')}]({paper.link})" if paper.link else ""
            lines.append(f"- {paper.title}. {paper.citation}.{link}")
    return "\n".join(lines) + "\n"


def ledger_page() -> str:
    """Every claim of every chapter, from the stored default runs."""
    rows = []
    total: dict[str, int] = {}
    for slug, path in chapters().items():
        part = path.parent.name
        for entry in records(path):
            total[entry["verdict"]] = total.get(entry["verdict"], 0) + 1
            cells = (
                f'<a href="{part}/{slug}.html">{escape(slug)}</a>',
                escape(entry["claim"]),
                escape(paper_says(entry)),
                escape(measured(entry)),
                str(entry["n"]),
                badge(entry["verdict"]),
                f"{entry['seconds']:.0f}",
            )
            rows.append("<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>")
    heads = ("Chapter", "Claim", "Paper", "Measured: mean [95 % interval]", "n", "Verdict", "Seconds")
    head = "".join(f"<th>{name}</th>" for name in heads)
    counts = ", ".join(f"{count} {verdict}" for verdict, count in sorted(total.items(), key=lambda item: -item[1]))
    return (
        "# Ledger\n\nEvery claim that a chapter checks, from the stored default runs: the paper's own number where it "
        "gives one for the same quantity, what we measured, over how many seeds, and the verdict. Seconds are those of "
        f"the chapter's whole run on two cores.\n\nIn all: {counts}.\n\n"
        f'<div class="ledger" style="overflow-x:auto"><table class="table"><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>\n"
    )


def benchmark_page() -> str:
    """The table of ``benchmarks/results.json``."""
    found = json.loads((BOOK.parent / "benchmarks" / "results.json").read_text())
    machine = found["machine"]
    lines = [
        "# Benchmarks",
        "",
        "The toolkit trains networks that differ by seed or setting as one batch. The table sets its time beside that "
        f"of a peer in the same run: {machine['cores']} cores ({machine['processor']}), Python {machine['python']}, "
        f"{machine['date']}. Make it again with `make bench`.",
        "",
        "| what | seconds | peer | its seconds | ratio |",
        "| --- | ---: | --- | ---: | ---: |",
    ]
    for row in found["rows"]:
        lines.append(
            f"| {row['what']} | {row['seconds']:.2f} | {row['peer']} | {row['peer_seconds']:.2f} | {row['ratio']:.1f} |"
        )
    lines += [
        "",
        "The gain over a loop comes from three places: no Python and no data loader for each network, larger matrix "
        "products, and one optimizer step for all. Two cores are soon busy with the arithmetic, so a loop without a "
        "data loader loses less. Convolutions gain least: a batch of networks turns them into grouped convolutions.",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
