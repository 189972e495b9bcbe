"""What several kinds of page use: where things are, chapter cards, links to papers, glossary links."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache
from html import escape
from pathlib import Path

from toolkit.catalog import Chapter, Part, parts
from toolkit.claims.result import COLOUR, badge
from toolkit.reproduce.ledger import records

FOLDER = Path(__file__).resolve().parents[1]


@cache
def repository() -> str:
    """The project's public address, from pyproject.toml."""
    project = tomllib.loads((FOLDER.parent / "pyproject.toml").read_text())["project"]
    return project["urls"]["Repository"]


@cache
def glossary() -> dict[str, str]:
    """Each term of the glossary, in lower case -> as it is written there."""
    text = (FOLDER / "glossary.md").read_text(encoding="utf-8")
    block = re.search(r"```\{glossary\}\n(.*?)\n```", text, re.DOTALL).group(1)
    return {line.lower(): line for line in block.splitlines() if line and not line.startswith((" ", ":"))}


# code, mathematics, links, roles, directives, headings and tables stay as they are
_CLOSED = "|".join(
    [r"```.*?```", r"\$\$.*?\$\$(?: \([\w-]+\))?", r"`[^`]*`", r"\$[^$\n]+\$", r"!?\[[^\]]*\]\([^)]*\)"]
    + [r"\{[a-z:]+\}`[^`]*`", r"^#.*?$", r"^\|.*?$", r"<[^>]*>"]
)


def link_terms(text: str, seen: set[str]) -> str:
    """Links the first mention of each glossary term in Markdown prose; ``seen`` carries over to the next cell."""
    words = sorted(glossary(), key=len, reverse=True)
    pattern = re.compile(rf"({_CLOSED})|\b({'|'.join(map(re.escape, words))})(s?)\b", re.DOTALL | re.MULTILINE | re.I)

    def link(match: re.Match) -> str:
        term = (match[2] or "").lower()
        if match[1] or term in seen:
            return match[0]
        seen.add(term)
        return f"{{term}}`{match[0]} <{glossary()[term]}>`"

    return pattern.sub(link, text)


def link_papers(text: str, ready: Mapping[str, Path]) -> str:
    """Turns ``{paper}`slug``` into a link to the chapter, or to the paper where there is no chapter yet.

    Raises:
        ValueError: a slug that is not in the catalogue.
    """
    entries = {entry.slug: (part, entry) for part in parts().values() for entry in [*part.chapters, *part.planned]}

    def link(match: re.Match) -> str:
        if match[1] not in entries:
            raise ValueError(f"{{paper}}`{match[1]}` names no paper of the catalogue")
        part, entry = entries[match[1]]
        target = f"../{part.id}/{entry.slug}.ipynb" if entry.slug in ready else entry.link
        if target is None:
            return entry.citation
        title = entry.title.replace('"', "'")
        return f'[{entry.citation}]({target} "{title}")'

    return re.sub(r"\{paper\}`([^`]*)`", link, text)


stored = cache(records)  # the front page, part pages and the ledger ask for the same runs


def verdict_counts(notebook: Path) -> Counter:
    """How often each verdict stands in a chapter's stored run, in the order of the verdicts."""
    found = Counter(entry["verdict"] for entry in stored(notebook))
    return Counter({verdict: found[verdict] for verdict in COLOUR if found[verdict]})


def seconds(notebook: Path) -> float:
    """Run time of the stored run."""
    return stored(notebook)[0]["seconds"]


@cache
def title(notebook: Path) -> str:
    """The chapter's own title, its first heading."""
    import nbformat

    return nbformat.read(notebook, as_version=4).cells[0].source.splitlines()[0].removeprefix("# ")


def attributes(values: Mapping[str, str | Iterable[str]]) -> str:
    """``data-*`` attributes that the page's filters read; several values are joined by ``|``."""
    pairs = ((name, value if isinstance(value, str) else "|".join(value)) for name, value in values.items())
    return " ".join(f'data-{name}="{escape(value)}"' for name, value in pairs)


def gallery(chosen: Iterable[tuple[Part, Chapter]], ready: Mapping[str, Path], root: str, filters: str = "") -> str:
    """Cards with picture, question, verdicts and run time. ``filters`` names what readers may filter by."""
    cards = []
    for part, entry in chosen:
        notebook = ready[entry.slug]
        verdicts = " ".join(badge(verdict, count) for verdict, count in verdict_counts(notebook).items())
        tags = " ".join(f'<a href="{root}index.html?tag={tag}">{tag}</a>' for tag in entry.tags)
        cards.append(
            f"<li {attributes({'part': part.title, 'tag': entry.tags})}>"
            f'<a href="{root}{part.id}/{entry.slug}.html"><img loading="lazy" alt="" width="480" height="300" '
            f'src="{root}_static/thumbnails/{entry.slug}.webp"><h3>{escape(title(notebook))}</h3></a>'
            f"<p>{escape(entry.question)}</p>"
            f'<p class="facts">{verdicts} <span>{seconds(notebook):.0f} s</span></p>'
            f'<p class="tags"><span>{escape(part.title)}</span> {tags}</p></li>'
        )
    data = f' data-filters="{filters}" data-what="chapters"' if filters else ""
    return f'<ul class="gallery"{data}>{"".join(cards)}</ul>'
