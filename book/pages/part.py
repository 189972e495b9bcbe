"""A part's page: its story, its chapters and the papers still to come."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from book.pages.common import FOLDER, gallery, link_papers, link_terms
from toolkit.catalog import Part


def page(part: Part, ready: Mapping[str, Path]) -> str:
    """The story from ``parts/<id>.md`` with cards of the part's chapters and a list of its planned papers."""
    story = (FOLDER / "parts" / f"{part.id}.md").read_text(encoding="utf-8").rstrip()
    opening, heading, rest = link_terms(link_papers(story, ready), set()).partition("\n## ")
    done = [entry for entry in part.chapters if entry.slug in ready]
    lines = [opening, "## Chapters", ""]
    if done:
        lines += [gallery([(part, entry) for entry in done], ready, root="../"), ""]
    else:
        lines += ["No paper of this part has a chapter yet.", ""]
    lines += [heading.strip("\n") + rest, ""]
    if part.planned:
        lines += ["## Papers to come", ""]
        for paper in sorted(part.planned, key=lambda p: p.year):
            link = f" [{paper.link.removeprefix('https://')}]({paper.link})" if paper.link else ""
            lines.append(f"- {paper.title}. {paper.citation}.{link}")
    return "\n".join(lines) + "\n"
