"""A chapter's control: static in the book, live in JupyterLab."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request

import nbformat
import pytest

from toolkit.controls import MOST_FRAMES
from toolkit.reproduce.notebooks import chapters

CHAPTERS = [f"{path.parent.name}/{slug}.html" for slug, path in chapters().items()]


@pytest.mark.parametrize("name", CHAPTERS)
def test_the_static_control_moves_with_the_keyboard(page, html, name):
    page.goto((html / name).as_uri())
    control = page.locator("[id^=explore-]")
    assert control.count() == 1 and page.locator(".jupyter-widgets").count() == 0
    picture = control.locator("img")
    seen = {picture.get_attribute("src")}
    for slider in control.locator("input[type=range]").all():
        label, alt = slider.get_attribute("aria-valuetext"), picture.get_attribute("alt")
        slider.focus()
        page.keyboard.press("ArrowRight")
        assert slider.get_attribute("aria-valuetext") != label and picture.get_attribute("alt") != alt
        assert slider.get_attribute("aria-valuetext") in picture.get_attribute("alt")
        assert picture.get_attribute("src") not in seen
        seen.add(picture.get_attribute("src"))
        page.wait_for_function("image => image.complete && image.naturalWidth > 300", arg=picture.element_handle())
    assert 1 < len(seen) <= MOST_FRAMES


def test_the_static_control_redraws_at_once(page, html):
    page.goto((html / CHAPTERS[0]).as_uri())
    slowest = page.evaluate(
        """async () => {
            const box = document.querySelector("[id^=explore-]"), slider = box.querySelector("input");
            const image = box.querySelector("img"), times = [];
            for (const value of [1, 0, 1, 0, 1]) {
                const start = performance.now();
                slider.value = value;
                slider.dispatchEvent(new Event("input"));
                await image.decode();
                times.push(performance.now() - start);
            }
            return times.sort((a, b) => a - b)[2];
        }"""
    )
    assert slowest < 100, f"{slowest:.0f} ms"


@pytest.fixture
def lab(chromium, checkout):
    """JupyterLab as ``toolkit lab`` starts it, on one toy chapter; the address of its page."""
    made = checkout.run("toolkit", "new", "memory", "toy")
    assert made.returncode == 0, made.stderr
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("TOOLKIT", "PYTEST", "JUPYTER"))}
    environment |= {
        "PYTHONPATH": str(checkout.folder),
        "JUPYTER_CONFIG_DIR": str(checkout.folder / "config"),
        "JUPYTER_DATA_DIR": str(checkout.folder / "data"),
        "JUPYTERLAB_SETTINGS_DIR": str(checkout.folder / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(checkout.folder / "workspaces"),
        "OMP_NUM_THREADS": "1",
    }
    notebook_settings = checkout.folder / "settings" / "@jupyterlab" / "notebook-extension"
    notebook_settings.mkdir(parents=True)
    # all cells are in the page, whether in view or not
    (notebook_settings / "tracker.jupyterlab-settings").write_text('{"windowingMode": "none"}')
    options = ["--no-browser", f"--port={port}", "--ip=127.0.0.1", "--IdentityProvider.token=", "--allow-root"]
    with open(checkout.folder / "lab.log", "w") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "toolkit", "lab", "toy", *options],
            cwd=checkout.folder,
            env=environment,
            stdout=log,
            stderr=log,
        )
    address = f"http://127.0.0.1:{port}"
    for _ in range(300):
        try:
            urllib.request.urlopen(f"{address}/api", timeout=1)
            break
        except OSError:
            assert server.poll() is None, (checkout.folder / "lab.log").read_text()
            time.sleep(0.2)
    yield address
    server.terminate()
    try:
        server.wait(20)
    except subprocess.TimeoutExpired:
        server.kill()


def has_outputs(notebook) -> bool:
    """False also while the file is being written."""
    try:
        return any(cell.get("outputs") for cell in nbformat.read(notebook, as_version=4).cells)
    except nbformat.reader.NotJSONError:
        return False


def test_the_live_control_redraws_and_the_committed_notebook_stays_as_it_is(lab, page, checkout):
    committed = checkout.folder / "notebooks" / "memory" / "toy.ipynb"
    before = committed.read_bytes()
    page.goto(lab)
    page.locator(".jp-Notebook").wait_for(timeout=60_000)
    page.get_by_text("(ipykernel) | Idle").wait_for(timeout=60_000)
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_text("Run All Cells", exact=True).click()
    slider = page.locator(".jp-OutputArea .widget-slider [role=slider], .jp-OutputArea .noUi-handle").first
    slider.wait_for(timeout=60_000)
    picture = page.locator(".jp-OutputArea img.widget-image").first
    source = picture.get_attribute("src")
    slider.focus()
    started = time.perf_counter()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("([image, old]) => image.src !== old", arg=[picture.element_handle(), source])
    assert time.perf_counter() - started < 1
    page.keyboard.press("Control+s")
    copy = checkout.folder / "lab" / "memory" / "toy.ipynb"
    for _ in range(50):
        if saved := has_outputs(copy):
            break
        time.sleep(0.2)
    assert saved
    assert committed.read_bytes() == before


def test_the_contents_lead_to_the_chapters(lab, page):
    page.goto(f"{lab}/lab/tree/contents.ipynb")
    page.locator(".jp-MarkdownOutput a", has_text="TODO title").click()
    page.locator(".lm-TabBar-tabLabel", has_text="toy.ipynb").wait_for()
