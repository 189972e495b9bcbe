"""Downloads against a real server that misbehaves: whole and verified, or one sentence and nothing left behind."""

import os
import re
import signal
import subprocess
import sys
import time

import pytest

from toolkit.data import fetch as fetching
from toolkit.data.fetch import fetch
from toolkit.data.registry import DataError
from toolkit.data.store import complete, read

FETCH = """
import sys
from toolkit.data.fetch import fetch
from toolkit.data.registry import DataError, DataSet
try:
    print(len(fetch(DataSet.model_validate_json(sys.argv[1]))))
except DataError as error:
    sys.exit(str(error))
"""
REFUSED = "http://127.0.0.1:9/"  # nobody listens there


def start(entry):
    """A process that fetches the data set."""
    command = [sys.executable, "-c", FETCH, entry.model_dump_json()]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def left(cache) -> list[str]:
    """What a fetch left in the cache, beside the lock."""
    found = [path for path in cache.rglob("*") if path.is_file() and path.name != ".lock"]
    return sorted(str(path.relative_to(cache)) for path in found)


def sentence(entry) -> str:
    """The error of a fetch that must fail, in one line."""
    with pytest.raises(DataError) as caught:
        fetch(entry)
    assert "\n" not in str(caught.value) and caught.value.__cause__ is None
    return str(caught.value)


def test_a_good_download_and_no_second_one(server, cache):
    entry = server.entry()
    assert [path.relative_to(cache).as_posix() for path in fetch(entry)] == ["toy/folder/toy.bin"]
    assert read(entry, "folder/toy.bin") == server.content and left(cache) == ["toy/folder/toy.bin"]
    assert fetch(entry) == [] and server.requests.total() == 1


def test_read_fetches_what_is_missing(server, cache):
    entry = server.entry()
    assert read(entry, "folder/toy.bin") == server.content and complete(entry)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("wrong", "sent another content than the registry names"),
        ("short", "broke off|sent another content"),
        ("404", "answered 404"),
        ("500", "answered 500"),
    ],
)
def test_a_bad_server_leaves_one_sentence_and_nothing_else(server, cache, fault, words):
    server.faults["bad"] = [fault]
    said = sentence(server.entry("bad"))
    assert re.search(words, said)
    assert "toy.bin of data set toy could not be fetched" in said
    assert left(cache) == [] and not list(cache.rglob(".incoming"))
    server.faults.clear()
    assert len(fetch(server.entry("bad"))) == 1, "the next try succeeds"


def test_an_error_of_the_moment_is_tried_again(server, cache):
    server.faults["shaky"] = ["500", "good"]
    assert len(fetch(server.entry("shaky"))) == 1 and server.requests.total() == 2


def test_a_connection_that_breaks_is_tried_again(server, cache):
    server.faults["shaky"] = ["short", "good"]
    entry = server.entry("shaky")
    fetch(entry)
    assert read(entry, "folder/toy.bin") == server.content and server.requests.total() == 2


@pytest.mark.parametrize("dead", [REFUSED, "bad"])
def test_the_next_mirror_is_asked(server, cache, monkeypatch, dead):
    monkeypatch.setattr(fetching, "TRIES_MORE", 0)
    server.faults["bad"] = ["wrong"]
    entry = server.entry(dead, "good")
    fetch(entry)
    assert read(entry, "folder/toy.bin") == server.content


def test_no_network_says_what_to_do(server, cache):
    said = sentence(server.entry(REFUSED, "http://no-such-host.invalid/"))
    assert "127.0.0.1:9 could not be reached; no-such-host.invalid could not be reached" in said
    assert "'toolkit data fetch toy'" in said and "TOOLKIT_DATA" in said
    assert left(cache) == []


def test_a_set_without_an_address(server, cache):
    assert "has no download; put its files into a folder toy below a folder named by TOOLKIT_DATA" in sentence(
        server.entry().model_copy(update={"mirrors": []})
    )


def test_a_damaged_file_in_the_cache_is_replaced(server, cache):
    entry = server.entry()
    (path,) = fetch(entry)
    for damage in (b"x" * len(server.content), b"short"):
        path.write_bytes(damage)
        assert read(entry, "folder/toy.bin") == server.content and path.read_bytes() == server.content
    assert server.requests.total() == 3


def test_a_damaged_file_without_network_is_not_used(server, cache):
    (path,) = fetch(server.entry())
    path.write_bytes(b"x" * len(server.content))
    with pytest.raises(DataError, match="could not be fetched"):
        read(server.entry(REFUSED), "folder/toy.bin")


def test_a_full_disk(server, tmp_path, cache, monkeypatch):
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", disk], capture_output=True).returncode:
        pytest.skip("no right to mount a small file system")
    try:
        monkeypatch.setenv("XDG_CACHE_HOME", str(disk))
        server.content *= 10
        said = sentence(server.entry())
        assert said.startswith("no space left in ") and said.endswith("for folder/toy.bin (400,000 bytes)")
        assert left(disk) == []
        subprocess.run(["mount", "-o", "remount,size=2m", disk], check=True)
        assert len(fetch(server.entry())) == 1
    finally:
        subprocess.run(["umount", disk], check=True)


def test_a_cache_that_cannot_be_made(server, tmp_path, cache, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert "cannot be written: Not a directory" in sentence(server.entry())


def test_ten_processes_fetch_once(server, cache):
    server.content = b"0123456789" * 300_000
    entry = server.entry()
    processes = [start(entry) for _ in range(10)]
    results = [process.communicate(timeout=120) for process in processes]
    assert [process.returncode for process in processes] == [0] * 10, results
    assert server.requests.total() == 1 and read(entry, "folder/toy.bin") == server.content
    assert left(cache) == ["toy/folder/toy.bin"]


def test_a_kill_in_the_middle_leaves_nothing_that_counts(server, cache):
    server.faults["good"] = ["slow", "good"]
    entry = server.entry()
    process = start(entry)
    limit = time.monotonic() + 60
    while not any(path.stat().st_size for path in (cache / "toy" / ".incoming").rglob("*") if path.is_file()):
        assert time.monotonic() < limit and process.poll() is None, process.communicate()
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert not complete(entry) and left(cache), "half a file lies there under another name"
    fetch(entry)
    assert left(cache) == ["toy/folder/toy.bin"] and read(entry, "folder/toy.bin") == server.content


def test_a_process_that_waits_for_one_that_is_killed(server, cache):
    server.faults["good"] = ["slow", "good"]
    entry = server.entry()
    first = start(entry)
    while not server.requests:
        time.sleep(0.05)
    second = start(entry)
    time.sleep(1)
    first.kill()
    first.communicate()
    out, errors = second.communicate(timeout=60)
    assert (second.returncode, out) == (0, "1\n"), errors
    assert read(entry, "folder/toy.bin") == server.content


def test_the_error_of_a_process_has_no_traceback(server, cache):
    process = start(server.entry(REFUSED))
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 1 and errors.count("\n") == 1
