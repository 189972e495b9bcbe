"""Copies of the chapters to work on in JupyterLab, so that the committed notebooks stay as they are."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

from toolkit.catalog import UnknownName, parts
from toolkit.files import write_whole
from toolkit.reproduce.notebooks import METADATA, chapters

CONTENTS = "contents.ipynb"
STATE = ".copies.json"


def copy_chapters(folder: Path) -> list[str]:
    """Puts a copy of every chapter, and contents in reading order, into ``folder``.

    A copy that was not touched since it was made follows the book; one that was edited is never overwritten.

    Args:
        folder: made when it is not there. Its ``.copies.json`` records what each copy was made from.

    Returns:
        One sentence for each edited copy whose chapter has changed in the book since.

    Raises:
        ValueError: ``folder`` is a file, or holds the committed notebooks.
        OSError: the folder cannot be written.
    """
    folder = folder.resolve()
    ready = chapters()
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"{folder} is a file; name a folder for the copies")
    if any(folder in [path.parent.parent, path.parent] for path in ready.values()):
        raise ValueError(f"{folder} holds the book's own notebooks; name another folder for the copies")
    texts = {CONTENTS: _contents(ready)}
    texts |= {f"{path.parent.name}/{path.name}": path.read_text(encoding="utf-8") for path in ready.values()}
    state = _read_state(folder / STATE)
    notes = []
    for name, text in texts.items():
        target, digest = folder / name, _digest(text)
        if target.is_file() and _digest(target.read_text(encoding="utf-8")) != state.get(name):
            if state.get(name) != digest:
                notes.append(
                    f"{name}: the book has a newer version; yours was edited and is kept; rename it to get both"
                )
            continue
        if not target.is_file() or state[name] != digest:
            write_whole(target, text)
            _trust(text)
        state[name] = digest
    write_whole(folder / STATE, json.dumps(state, indent=1) + "\n")
    return notes


def page(slug: str | None = None) -> str:
    """What JupyterLab shows first, as a path inside the folder of copies: a chapter, or the contents.

    Raises:
        UnknownName: no chapter has this slug.
    """
    if slug is None:
        return CONTENTS
    ready = chapters()
    if slug not in ready:
        raise UnknownName(f"there is no chapter {slug!r}; chapters are: {', '.join(ready)}")
    return f"{ready[slug].parent.name}/{ready[slug].name}"


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def _read_state(path: Path) -> dict[str, str]:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return {}  # then every file that is there counts as edited


def _contents(ready: dict[str, Path]) -> str:
    """A notebook of one Markdown cell that links all chapters in reading order."""
    import nbformat

    lines = ["# Weights and Wirings", "", "Your own copies of the chapters: change what you like."]
    for part in parts().values():
        entries = [entry for entry in part.chapters if entry.slug in ready]
        if entries:
            lines += ["", f"## {part.title}", ""]
        for entry in entries:
            lines.append(f"- [{entry.title}]({part.id}/{entry.slug}.ipynb) ({entry.seconds:.0f} s). {entry.question}")
    cell = nbformat.v4.new_markdown_cell("\n".join(lines))
    cell["id"] = "contents"
    return nbformat.writes(nbformat.v4.new_notebook(cells=[cell], metadata=METADATA)) + "\n"


def _trust(text: str) -> None:
    """Marks the outputs as safe to show; JupyterLab would hide controls made of HTML otherwise."""
    import nbformat
    from nbformat.sign import NotebookNotary

    NotebookNotary().sign(nbformat.reads(text, as_version=4))
