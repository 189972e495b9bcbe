"""Where the files of a data set are found: in folders that the user names, in the user's cache, or on the network.

``read`` returns the content of one file. What it returns was compared with the registry's sha256, so nothing is
parsed that is not the file the registry knows.
"""

from __future__ import annotations

import gzip
import hashlib
import os
from pathlib import Path

from toolkit.data.registry import DataError, DataSet, File, Form, sets

VARIABLE = "TOOLKIT_DATA"  # folders with a folder for each set, joined as in PATH; searched before the cache


def cache_folder() -> Path:
    """Where downloads are kept: the user's cache, as the system has it."""
    from platformdirs import user_cache_path

    return user_cache_path("weights-and-wirings", appauthor=False)


def own_folders() -> list[Path]:
    """The folders that ``TOOLKIT_DATA`` names.

    Raises:
        DataError: one of them is not there.
    """
    folders = [Path(text).expanduser() for text in os.environ.get(VARIABLE, "").split(os.pathsep) if text.strip()]
    for folder in folders:
        if not folder.is_dir():
            raise DataError(f"{VARIABLE} names {folder}, which is not a folder")
    return folders


def locate(entry: DataSet, file: File) -> tuple[Path, list[Form]] | None:
    """The first place that has a file of this name, and the forms it may have there; content is not looked at.

    In the cache, a file of the wrong size does not count: it will be fetched again.
    """
    for folder in [*own_folders(), cache_folder()]:
        for name in dict.fromkeys(form.name for form in file.forms):
            path = folder / entry.name / name
            forms = [form for form in file.forms if form.name == name]
            if path.is_file() and (folder != cache_folder() or path.stat().st_size in {f.bytes for f in forms}):
                return path, forms
    return None


def check(content: bytes, path: Path, forms: list[Form]) -> None:
    """Refuses content that is none of these forms.

    Raises:
        DataError: a wrong size or sha256.
    """
    sizes = sorted({form.bytes for form in forms})
    if len(content) not in sizes:
        wanted = " or ".join(f"{size:,}" for size in sizes)
        raise DataError(
            f"{path} has {len(content):,} bytes in place of {wanted}; remove it or put the right file there"
        )
    if hashlib.sha256(content).hexdigest() not in {form.sha256 for form in forms}:
        raise DataError(f"{path} has another content (sha256) than the registry names; remove it or replace it")


def is_here(entry: DataSet, file: File) -> bool:
    """Whether a file can be read without a network."""
    return locate(entry, file) is not None


def read(entry: DataSet | str, name: str) -> bytes:
    """The verified content of one file, unpacked where it is packed with gzip; fetched first where it is missing.

    Args:
        entry: a data set, or its name.
        name: of the file, as in the registry.

    Raises:
        DataError: the file is not there and cannot be fetched, or it is not the one that the registry knows.
    """
    from toolkit.data.fetch import fetch_file

    entry = sets()[entry] if isinstance(entry, str) else entry
    file = entry.file(name)
    place = locate(entry, file)
    if place is not None and cache_folder() in place[0].parents:
        try:
            return _content(*place)
        except DataError:
            place = None  # a damaged file in the cache is replaced
    if place is None:
        place = fetch_file(entry, file), file.forms
    return _content(*place)


def _content(path: Path, forms: list[Form]) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from None
    check(content, path, [form for form in forms if path.name == Path(form.name).name])
    return gzip.decompress(content) if path.suffix == ".gz" and not path.name.endswith(".tar.gz") else content
