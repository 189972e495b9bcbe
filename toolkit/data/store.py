"""Where the files of a data set are found: in folders that the user names, in the user's cache, or on the network.

``read`` returns the content of one file. What it returns was compared with the registry's sha256, so nothing is
parsed that is not the file the registry knows.
"""

from __future__ import annotations

import gzip
import hashlib
import os
from collections.abc import Iterator
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


def candidates(entry: DataSet, file: File) -> Iterator[tuple[Path, list[Form]]]:
    """Every place that has a file of this name, in the order of look-up, and the forms it may have there."""
    for folder in [*own_folders(), cache_folder()]:
        for name in dict.fromkeys(form.name for form in file.forms):
            path = folder / entry.name / name
            if path.is_file():
                yield path, [form for form in file.forms if form.name == name]


def locate(entry: DataSet, file: File) -> Path | None:
    """The first place that has this file with a size that it may have; its content is not looked at."""
    for path, forms in candidates(entry, file):
        if path.stat().st_size in {form.bytes for form in forms}:
            return path
    return None


def complete(entry: DataSet) -> list[Path]:
    """Where the files of a data set are, or those that may stand in their place; empty where one is missing."""
    for files in (entry.files, entry.instead):
        places = [locate(entry, file) for file in files]
        if places and None not in places:
            return places
    return []


def digest(entry: DataSet) -> str:
    """Names the content of a data set: the same for every form of it, ``absent`` where it is not complete.

    It is made of the registry's digests and the sizes of the files found, so it costs no reading.
    """
    if not complete(entry):
        return "absent"
    text = "\n".join(f"{file.name} {file.sha256}" for file in entry.files)
    return hashlib.sha256(text.encode()).hexdigest()


def verify(entry: DataSet) -> tuple[int, list[str]]:
    """Reads every file of a data set that is there.

    Returns:
        How many are right, and one sentence for each that is not.
    """
    right, wrong = 0, []
    for file in [*entry.files, *entry.instead]:
        for path, forms in candidates(entry, file):
            try:
                check(path.read_bytes(), path, forms)
                right += 1
            except (DataError, OSError) as error:
                wrong.append(str(error))
    return right, wrong


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


def read(entry: DataSet | str, name: str) -> bytes:
    """The verified content of one file, unpacked where it is packed with gzip; fetched first where it is missing.

    A file in a folder of the user must be right; one in the cache that is not is fetched again.

    Args:
        entry: a data set, or its name.
        name: of the file, as in the registry.

    Raises:
        DataError: the file is not there and cannot be fetched, or it is not the one that the registry knows.
    """
    from toolkit.data.fetch import fetch_file

    entry = sets()[entry] if isinstance(entry, str) else entry
    file = entry.file(name)
    for path, forms in candidates(entry, file):
        try:
            return _content(path, forms)
        except DataError:
            if cache_folder() not in path.parents:
                raise
    return _content(fetch_file(entry, file), file.forms[:1])


def _content(path: Path, forms: list[Form]) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from None
    check(content, path, forms)
    return gzip.decompress(content) if path.suffix == ".gz" and not path.name.endswith(".tar.gz") else content
