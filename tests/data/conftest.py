"""A server on this computer that behaves well or badly, a cache of its own for each test, and the real files."""

import hashlib
import os
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from toolkit.data.registry import DataSet

HOME = Path(__file__).resolve().parents[2]


class Server:
    """Serves ``content`` at every path, unless ``faults`` says otherwise for the path's first part.

    A fault is a list of what to do in turn: ``500``, ``404``, ``wrong``, ``short``, ``slow`` or ``good``; after its
    end, the last one stays.
    """

    def __init__(self):
        self.content = b"the file" * 5000
        self.faults: dict[str, list[str]] = {}
        self.requests: Counter[str] = Counter()
        self.lock = threading.Lock()
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                with server.lock:
                    number = server.requests[self.path]
                    server.requests[self.path] += 1
                turns = server.faults.get(self.path.split("/")[1], ["good"])
                server.answer(self, turns[min(number, len(turns) - 1)])

            def log_message(self, *arguments):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.address = f"http://127.0.0.1:{self.http.server_port}"
        threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def answer(self, request, how: str) -> None:
        if how in ("500", "404"):
            request.send_error(int(how))
            return
        body = b"another" * 5000 if how == "wrong" else self.content
        request.send_response(200)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        try:
            if how == "slow":
                for start in range(0, len(body), 1000):
                    request.wfile.write(body[start : start + 1000])
                    request.wfile.flush()
                    time.sleep(0.5)
            else:
                request.wfile.write(body[: len(body) // 2] if how == "short" else body)
        except OSError:  # the other side is gone
            pass
        request.close_connection = True

    def entry(self, *mirrors: str, name: str = "toy", file: str = "folder/toy.bin", **more) -> DataSet:
        """A data set of one file with this content; a mirror is a path on this server or a whole address."""
        mirrors = [m if m.startswith("http") else f"{self.address}/{m}/" for m in mirrors or ("good",)]
        size, digest = len(self.content), hashlib.sha256(self.content).hexdigest()
        given = {
            "name": name,
            "title": "A toy",
            "kind": "text",
            "about": "Eight letters, again and again.",
            "license": "none",
            "citation": "nobody",
            "loaders": ["text.toy"],
            "homepages": ["https://example.org"],
            "mirrors": mirrors,
            "files": [{"name": file, "bytes": size, "sha256": digest}],
        }
        return DataSet.model_validate(given | more)


@pytest.fixture
def server():
    made = Server()
    yield made
    made.http.shutdown()
    made.http.server_close()


@pytest.fixture
def cache(tmp_path, monkeypatch) -> Path:
    """An empty cache, and no other folder."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("TOOLKIT_DATA", raising=False)
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    return tmp_path / "cache" / "weights-and-wirings"


@pytest.fixture(scope="session")
def files() -> Path:
    """The folder with the real files; tests that need it are skipped where there is none."""
    for folder in (os.environ.get("TOOLKIT_DATA", "").split(os.pathsep)[0], HOME.parent / "shared" / "data"):
        if folder and (Path(folder) / "mnist").is_dir():
            return Path(folder)
    pytest.skip("no real data sets here: TOOLKIT_DATA names no folder that has them")


@pytest.fixture
def real(files, tmp_path, monkeypatch) -> Path:
    """The real files, and no way to fetch any."""
    monkeypatch.setenv("TOOLKIT_DATA", str(files))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "empty"))
    for name in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    return files
