"""Repairs to the builder's HTML: names that a screen reader can say, and no trace of what needs a network."""

from __future__ import annotations

import re
from pathlib import Path

REPAIRS = [
    # thebe, which would fetch a kernel from afar; its settings stand twice on each page, which is an error
    (re.compile(r"<script>const THEBE_JS_URL.*?</script>|<(?:script|link)[^>]*sphinx-thebe\.[^>]*>(?:</script>)?"), ""),
    (re.compile(r'<script type="text/x-thebe-config">.*?</script>', re.DOTALL), ""),
    # words that are in a button but not in its name
    (re.compile(r'(<i class="theme-switch[^>]*) title="[^"]*"'), r"\1"),
    (re.compile(r'(<button class="btn search-button-field[^>]*?) title="Search" aria-label="Search"'), r"\1"),
    (re.compile(r'<summary aria-label="Toggle hidden content">'), "<summary>"),
    # a button without a name
    (
        re.compile(r'(<a class="[^"]*"[^>]*>([^<]*)</a><details[^>]*>)<summary>'),
        r'\1<summary aria-label="Pages of \2">',
    ),
]


def mend(folder: Path) -> None:
    """Repairs every page in ``folder``."""
    for path in folder.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        for pattern, replacement in REPAIRS:
            text = pattern.sub(replacement, text)
        path.write_text(text, encoding="utf-8")
