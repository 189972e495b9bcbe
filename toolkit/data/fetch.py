"""Downloading a data set into the user's cache: once, verified, and whole or not at all."""

from __future__ import annotations

import errno
import shutil
import sys
from pathlib import Path

from toolkit.data.registry import DataError, DataSet, File
from toolkit.data.store import VARIABLE, cache_folder, check, complete, locate

TRIES_MORE = 1  # for each address
LARGE = 1_000_000  # bytes from which a file gets a progress bar


def fetch(entry: DataSet) -> list[Path]:
    """Makes sure that a data set can be loaded without a network.

    Returns:
        The files that were downloaded; none where all were there already.

    Raises:
        DataError: a file could not be had; nothing of it is left behind.
    """
    if complete(entry):
        return []
    if not entry.downloads:
        raise DataError(_no_download(entry))
    return [fetch_file(entry, file) for file in entry.downloads if locate(entry, file) is None]


def fetch_file(entry: DataSet, file: File) -> Path:
    """Downloads one file into the cache, unless another process has done so in the meantime.

    Returns:
        Where it is.

    Raises:
        DataError: it could not be had; nothing of it is left behind.
    """
    from filelock import FileLock

    urls = entry.urls(file)
    if not urls:
        raise DataError(_no_download(entry))
    folder = cache_folder() / entry.name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / ".lock"):  # the system releases it when its holder dies
            if _whole(folder / file.name, file):
                return folder / file.name
            incoming = folder / ".incoming"
            shutil.rmtree(incoming, ignore_errors=True)  # left by a process that was killed
            try:
                return _download(entry, file, urls, incoming, folder / file.name)
            finally:
                shutil.rmtree(incoming, ignore_errors=True)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DataError(f"no space left in {folder} for {file.name} ({file.bytes:,} bytes)") from None
        raise DataError(f"{folder} cannot be written: {error.strerror or error}") from None


def _download(entry: DataSet, file: File, urls: list[str], incoming: Path, target: Path) -> Path:
    """Tries one address after the other; a file that arrives and is verified gets its name."""
    import pooch
    from requests.exceptions import RequestException

    pooch.get_logger().setLevel("WARNING")
    bar = sys.stderr.isatty() and file.bytes >= LARGE
    reasons = []
    for url in urls:
        source = pooch.create(
            incoming,
            base_url="",
            registry={file.name: f"sha256:{file.sha256}"},
            urls={file.name: url},
            retry_if_failed=TRIES_MORE,
        )
        try:
            path = Path(source.fetch(file.name, downloader=pooch.HTTPDownloader(progressbar=bar, timeout=30)))
        except RequestException as error:
            reasons.append(_reason(url, error))
        except ValueError:
            reasons.append(f"{_host(url)} sent another content than the registry names")
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            path.replace(target)
            return target
    raise DataError(
        f"{file.name} of data set {entry.name} could not be fetched ({'; '.join(reasons)}); with a network, "
        f"'toolkit data fetch {entry.name}' gets it, without one put it below a folder named by {VARIABLE}"
    )


def _whole(path: Path, file: File) -> bool:
    try:
        check(path.read_bytes(), path, file.forms[:1])
    except (DataError, OSError):
        return False
    return True


def _host(url: str) -> str:
    from urllib.parse import urlsplit

    return urlsplit(url).netloc


def _reason(url: str, error: Exception) -> str:
    """A failed request in a few words."""
    from requests import exceptions

    host = _host(url)
    response = getattr(error, "response", None)
    if response is not None:
        return f"{host} answered {response.status_code}"
    if isinstance(error, exceptions.Timeout):
        return f"{host} did not answer in time"
    if isinstance(error, (exceptions.ChunkedEncodingError, exceptions.ContentDecodingError)):
        return f"the connection to {host} broke off"
    return f"{host} could not be reached"


def _no_download(entry: DataSet) -> str:
    return (
        f"data set {entry.name} has no download; put its files into a folder {entry.name} "
        f"below a folder named by {VARIABLE}"
    )
