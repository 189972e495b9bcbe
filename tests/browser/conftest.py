"""The built book, a server for it, and headless Chromium."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

HOME = Path(__file__).resolve().parents[2]
AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
REQUIRED = "TOOLKIT_REQUIRE_BROWSER"  # set where a skipped browser test is a mistake
OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_collection_modifyitems(items):
    """One worker runs all browser tests, so that the book is built once."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("browser"))


def missing(what: str):
    """Skips the test, or fails it where browser tests must run."""
    words = f"browser tests need {what}"
    if os.environ.get(REQUIRED):
        pytest.fail(words)
    pytest.skip(words)


@pytest.fixture(scope="package")
def chromium():
    """A running headless Chromium."""
    found = next(filter(None, map(shutil.which, ["chromium", "chromium-browser", "google-chrome"])), None)
    if found is None:
        missing("Chromium (Debian package chromium)")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        missing("the package playwright (extra test)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=OPTIONS)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def html(chromium, tmp_path_factory) -> Path:
    """The built book's folder of pages."""
    output = tmp_path_factory.mktemp("book")
    built = subprocess.run(
        [sys.executable, "-m", "book", "--output", str(output)], cwd=HOME, capture_output=True, text=True
    )
    assert built.returncode == 0, built.stdout[-3000:] + built.stderr[-3000:]
    return output / "html"


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture(scope="package")
def address(html):
    """Where the built book is served on this machine."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(html)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture
def page(chromium):
    """A new page; the test fails when the page asks for anything that is not on this machine, or raises."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    opened = context.new_page()
    outside, errors = [], []
    own = ("file:", "data:", "blob:", "about:", "http://127.0.0.1:")
    opened.on("request", lambda request: None if request.url.startswith(own) else outside.append(request.url))
    opened.on("pageerror", lambda error: errors.append(str(error)))
    yield opened
    context.close()
    assert outside == [], "requests that leave the book"
    assert errors == [], "errors in the page's scripts"


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core."""
    if not AXE.is_file():
        missing("axe-core (run: npm install --prefix tests/browser)")
    return AXE.read_text(encoding="utf-8")
