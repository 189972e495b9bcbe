"""The data sets that can be loaded: what they are, whose they are, and which files they consist of."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

REGISTRY = Path(__file__).with_name("registry.yml")

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Address = Annotated[str, StringConstraints(pattern=r"^https?://\S+$")]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3)]
Loader = Annotated[str, StringConstraints(pattern=r"^[a-z_]+\.[a-z0-9_]+$")]  # module and function of toolkit.data
Kind = Literal[
    "images", "graphs", "graph lists", "higher order", "networks", "signed graphs", "temporal", "tables", "text"
]


class DataError(RuntimeError):
    """Data that cannot be had, or that are not what they should be; the message is one sentence."""


class UnknownSet(DataError):
    """A name that no data set has; the message offers the nearest one."""


class Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Form(Record):
    """One form in which a file's content may lie in a folder."""

    name: str | None = None  # None: the name of the file itself
    bytes: Annotated[int, Field(ge=0)]
    sha256: Sha256


class File(Record):
    """One file of a data set, as its address serves it."""

    name: str  # below the folder of its set, with slashes
    bytes: Annotated[int, Field(ge=0)]
    sha256: Sha256
    also: list[Form] = []  # other forms of the same content, for example packed with gzip
    at: str | None = None  # where it is below each mirror of the set; None: at its name
    urls: list[Address] = []  # where it is if not below the mirrors

    @property
    def forms(self) -> list[Form]:
        """All forms with their names, the published one first."""
        own = Form(name=self.name, bytes=self.bytes, sha256=self.sha256)
        return [own, *(form.model_copy(update={"name": form.name or self.name}) for form in self.also)]

    @model_validator(mode="after")
    def _stays_in_its_folder(self):
        for form in self.forms:
            path = PurePosixPath(form.name)
            if path.is_absolute() or ".." in path.parts or "\\" in form.name or any(p[0] == "." for p in path.parts):
                raise ValueError(f"file name {form.name!r} must be a plain path below the folder of its set")
        return self


class DataSet(Record):
    """A data set: a folder of files with their source, licence and loader."""

    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]+$")]  # also the name of its folder
    title: Text
    kind: Kind
    about: Text
    license: Text
    citation: Text
    loaders: Annotated[list[Loader], Field(min_length=1)]
    members: list[str] = []  # the names that the loaders take, where the set holds several
    homepages: Annotated[list[Address], Field(min_length=1)]
    mirrors: list[Address] = []  # beginnings of addresses, tried in this order
    files: Annotated[list[File], Field(min_length=1)]
    instead: list[File] = []  # files that the loader can make the same data from

    @property
    def size(self) -> int:
        """Bytes of the files as they are published."""
        return sum(file.bytes for file in self.downloads or self.files)

    @property
    def downloads(self) -> list[File]:
        """What to fetch: the files, or those to use instead where the files have no address; else nothing."""
        for files in (self.files, self.instead):
            if files and all(self.urls(file) for file in files):
                return files
        return []

    def urls(self, file: File) -> list[str]:
        """Addresses of a file, in the order in which to try them."""
        if file.urls or (self.instead and file in self.files):
            return list(file.urls)
        return [mirror + (file.at or file.name) for mirror in self.mirrors]

    def file(self, name: str) -> File:
        """The file of this name. Raises ``KeyError`` where there is none."""
        for file in [*self.files, *self.instead]:
            if file.name == name:
                return file
        raise KeyError(f"data set {self.name} has no file {name!r}")

    @model_validator(mode="after")
    def _names_differ(self):
        names = [file.name for file in [*self.files, *self.instead]]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"file {name!r} stands twice")
        for mirror in self.mirrors:
            if not mirror.endswith("/"):
                raise ValueError(f"mirror {mirror!r} must end with a slash")
        return self


def read_registry(path: Path = REGISTRY) -> dict[str, DataSet]:
    """The data sets of a registry file by name, in its order.

    Raises:
        DataError: the file is not of this form; the message names set and field.
    """
    try:
        entries = yaml.load(path.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError as error:
        raise DataError(f"{path.name}: not readable as YAML: {error}") from None
    if not isinstance(entries, list):
        raise DataError(f"{path.name}: must hold a list of data sets")
    found: dict[str, DataSet] = {}
    taken: dict[str, str] = {}
    for number, entry in enumerate(entries, start=1):
        given = entry.get("name") if isinstance(entry, dict) else None
        where = f"{path.name}, data set {given!r}" if given else f"{path.name}, data set {number}"
        try:
            made = DataSet.model_validate(entry)
        except ValidationError as error:
            first = error.errors()[0]
            field = ".".join(map(str, first["loc"]))
            message = first["msg"].removeprefix("Value error, ")
            raise DataError(f"{where}: " + (f"field '{field}': {message}" if field else message)) from None
        for name in [made.name, *made.members]:
            if _plain(name) in taken:
                raise DataError(f"{where}: the name {name!r} already belongs to {taken[_plain(name)]}")
            taken[_plain(name)] = made.name
        found[made.name] = made
    return found


@cache
def sets() -> dict[str, DataSet]:
    """All data sets of the book by name."""
    return read_registry()


def _plain(name: str) -> str:
    return name.lower().replace("_", "-")


def names() -> Iterator[str]:
    """Every name that ``find`` knows: of the sets and of their members."""
    for entry in sets().values():
        yield entry.name
        yield from entry.members


def find(name: str) -> DataSet:
    """The data set of this name, or the one with a member of this name; case, ``-`` and ``_`` do not matter.

    Raises:
        UnknownSet: there is none; the message offers the nearest name.
    """
    for entry in sets().values():
        if _plain(name) in map(_plain, [entry.name, *entry.members]):
            return entry
    near = get_close_matches(_plain(name), {_plain(known): known for known in names()}, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(sets())}"
    raise UnknownSet(f"there is no data set {name!r}; {hint}")
