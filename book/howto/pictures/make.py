"""Makes the pictures of *Teach a class*: python book/howto/pictures/make.py (needs Chromium and bubblewrap)."""

from __future__ import annotations

import io
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.request import urlopen

import nbformat
from PIL import Image
from playwright.sync_api import Page, sync_playwright

from toolkit.classroom.assignment import is_solution
from toolkit.classroom.collect import collect
from toolkit.classroom.course import Course, create, release
from toolkit.classroom.grade import grade, waiting
from toolkit.classroom.report import feedback, rows
from toolkit.reproduce.notebooks import chapters

HERE = Path(__file__).parent
CHAPTER = "lottery-ticket"
OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
OPTIONS += ["--disable-component-update", "--disable-sync"]
MISTAKEN = """def prune(weights, masks, rate):
    pruned = []
    for weight, mask in zip(weights, masks):
        pruned.append((weight.abs() > rate) * mask)
    return pruned
"""


def make_course(folder: Path) -> Course:
    """A graded course with three students: all right, one mistake, nothing."""
    course = create(folder / "networks", [CHAPTER])
    release(course)
    solutions = {
        cell.metadata["nbgrader"]["grade_id"]: cell.source
        for cell in nbformat.read(chapters()[CHAPTER], 4).cells
        if is_solution(cell)
    }
    mistaken = solutions | {"prune": MISTAKEN}
    for student, answers in (("ada", solutions), ("emmy", mistaken), ("kurt", {})):
        notebook = nbformat.read(course.released(CHAPTER), 4)
        for cell in notebook.cells:
            name = cell.metadata.get("nbgrader", {}).get("grade_id")
            cell.source = answers.get(name, cell.source)
        place = folder / "handed in" / student / f"{CHAPTER}.ipynb"
        place.parent.mkdir(parents=True)
        nbformat.write(notebook, place)
    collect(course, folder / "handed in")
    grade(course, waiting(course))
    feedback(course, rows(course))
    return course


def shoot(page: Page, name: str) -> None:
    """Saves what the page shows in few colours."""
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    picture.quantize(48).save(HERE / f"{name}.png", optimize=True)


def main() -> None:
    """Makes a course, opens it in JupyterLab, and takes the pictures."""
    with tempfile.TemporaryDirectory() as home, socket.socket() as probe:
        course = make_course(Path(home))
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--port={port}"]
        command += ["--ServerApp.token=", "--ServerApp.password=", "--LabApp.news_url="]
        server = subprocess.Popen(command, cwd=course.folder, env=os.environ | {"PATH": path, "HOME": home})
        address = f"http://127.0.0.1:{port}"
        try:
            for _ in range(60):
                try:
                    urlopen(f"{address}/api", timeout=2).read()
                    break
                except OSError:
                    time.sleep(1)
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=OPTIONS)
                page = browser.new_page(viewport={"width": 1100, "height": 620})
                for name, place in (("assignment", "release"), ("source", "source")):
                    page.goto(f"{address}/lab/tree/{place}/{CHAPTER}/{CHAPTER}.ipynb?reset")
                    cell = page.locator(".jp-CodeCell", has_text="def prune(weights").first
                    cell.wait_for(timeout=60_000)
                    time.sleep(4)
                    news = page.get_by_role("button", name="No", exact=True)
                    if news.count():
                        news.first.click()
                    page.keyboard.press("Control+b")
                    cell.scroll_into_view_if_needed()
                    time.sleep(2)
                    shoot(page, name)
                page.goto(f"{address}/formgrader/manage_submissions/{CHAPTER}")
                time.sleep(4)
                shoot(page, "formgrader")
                page.goto((course.folder / "feedback" / "emmy" / CHAPTER / f"{CHAPTER}.html").as_uri())
                page.get_by_text("Test cell").first.click()
                time.sleep(3)
                shoot(page, "feedback")
                browser.close()
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    main()
