"""The front page: what the book is, and a gallery of its chapters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from book.pages.common import FOLDER, gallery, verdict_counts
from toolkit.catalog import parts


def page(ready: Mapping[str, Path]) -> str:
    """``index.md`` with the gallery and the numbers filled in."""
    known = parts().values()
    chosen = [(part, entry) for part in known for entry in part.chapters if entry.slug in ready]
    verdicts: Counter[str] = Counter()
    for path in ready.values():
        verdicts.update(verdict_counts(path))
    numbers = {
        "chapters": len(chosen),
        "papers": sum(len(part.chapters) + len(part.planned) for part in known),
        "parts": len(known),
        "claims": verdicts.total(),
        "verdicts": ", ".join(f"{count} {verdict}" for verdict, count in verdicts.items()),
        "gallery": gallery(chosen, ready, root="", filters="part tag"),
    }
    text = (FOLDER / "index.md").read_text(encoding="utf-8")
    for name, value in numbers.items():
        text = text.replace("{{" + name + "}}", str(value))
    return text
