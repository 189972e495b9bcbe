"""Reading the catalogue's YAML files."""

from __future__ import annotations

import os
from difflib import get_close_matches
from functools import cache
from pathlib import Path

import yaml
from pydantic import ValidationError

from toolkit.catalog.schema import Chapter, Part, UnknownName

VARIABLE = "TOOLKIT_CATALOG"  # a folder to read in place of the package's own; set on the workers of a cluster
FOLDER = Path(os.environ.get(VARIABLE) or Path(__file__).parent)


class CatalogError(ValueError):
    """A catalogue file that cannot be used; the message names file, chapter and field."""


def load_part(path: Path) -> Part:
    """Read and check one part's file.

    Raises:
        CatalogError: one line per mistake, each naming the file, the chapter and the field.
    """
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        data = yaml.load(path.read_text(encoding="utf-8"), Loader=loader)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise CatalogError(f"{path.name}: not readable as YAML: {error}") from error
    if not isinstance(data, dict):
        raise CatalogError(f"{path.name}: must hold a mapping with id, number, title, summary, planned and chapters")
    try:
        part = Part.model_validate(data)
    except ValidationError as error:
        raise CatalogError("\n".join(_explain(path, data, line) for line in error.errors())) from None
    if part.id != path.stem:
        raise CatalogError(f"{path.name}: field 'id' is {part.id!r} but the file's name says {path.stem!r}")
    return part


def _explain(path: Path, data: dict, error: dict) -> str:
    """One pydantic error as one sentence."""
    where = list(error["loc"])
    words = [path.name]
    if len(where) >= 2 and where[0] in ("chapters", "planned") and isinstance(where[1], int):
        entry = data[where[0]][where[1]]
        slug = entry.get("slug") if isinstance(entry, dict) else None
        words.append(f"chapter {slug!r}" if slug else f"{where[0]} entry {where[1] + 1}")
        where = where[2:]
        if len(where) >= 2 and where[0] == "claims" and isinstance(where[1], int):
            claim = entry["claims"][where[1]]
            name = claim.get("id") if isinstance(claim, dict) else None
            words.append(f"claim {name!r}" if name else f"claim {where[1] + 1}")
            where = where[2:]
    field = ".".join(map(str, where))
    message = error["msg"].removeprefix("Value error, ")
    return f"{', '.join(words)}: " + (f"field '{field}': {message}" if field else message)


@cache
def parts() -> dict[str, Part]:
    """All parts by id, in reading order.

    Raises:
        CatalogError: a file is wrong, or a number or slug stands twice.
    """
    loaded = sorted((load_part(path) for path in sorted(FOLDER.glob("*.yml"))), key=lambda part: part.number)
    for before, part in zip(loaded, loaded[1:]):
        if part.number == before.number:
            raise CatalogError(f"{part.id}.yml: field 'number' is {part.number}, as in {before.id}.yml")
    found = {part.id: part for part in loaded}
    seen: dict[str, str] = {}
    for part in found.values():
        for entry in [*part.chapters, *part.planned]:
            if entry.slug in seen:
                raise CatalogError(
                    f"{part.id}.yml, chapter {entry.slug!r}: field 'slug' already stands in {seen[entry.slug]}.yml"
                )
            seen[entry.slug] = part.id
    return found


def chapter(slug: str) -> Chapter:
    """The catalogue entry of one chapter.

    Raises:
        UnknownName: no chapter has this slug; the message offers the nearest one.
    """
    known = {entry.slug: entry for part in parts().values() for entry in part.chapters}
    if slug in known:
        return known[slug]
    planned = {entry.slug for part in parts().values() for entry in part.planned}
    if slug in planned:
        raise UnknownName(f"paper {slug!r} is planned but has no chapter yet")
    near = get_close_matches(str(slug), known, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else f"; there are: {', '.join(sorted(known))}"
    raise UnknownName(f"no chapter {slug!r}{hint}")
