"""The project's own rules: which room may import which, lists that must agree, nothing that should not be there."""

import ast
import re
import tomllib
from pathlib import Path

import pytest
import yaml

HOME = Path(__file__).resolve().parents[1]
ROOMS = [
    {"files"},
    {"catalog"},
    {"data"},
    {"models"},
    {"training"},
    {"kernels", "graphs", "curvature", "pruning", "mixtures", "transport", "spins", "particles", "similarity"},
    {"landscape", "bilevel"},
    {"claims"},
    {"plots"},
    {"controls"},
    {"reproduce"},
    {"classroom", "data_commands"},
    {"scaffold", "lab"},
    {"cli"},
    {"__main__"},
]
LEVEL = {room: level for level, rooms in enumerate(ROOMS) for room in rooms}
MODULES = sorted((HOME / "toolkit").rglob("*.py"))
CONDA = {"torch": "pytorch", "torch-geometric": "pytorch_geometric"}


def room_of(path: Path) -> str:
    return path.relative_to(HOME / "toolkit").parts[0].removesuffix(".py")


def test_every_room_has_its_place():
    assert {room_of(p) for p in MODULES} - {"__init__"} <= set(LEVEL)


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(HOME)))
def test_imports_go_one_way(path):
    room = room_of(path)
    if room == "__init__":
        return
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("toolkit"):
            names = [node.module.split(".")[1]] if "." in node.module else [alias.name for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [a.name.split(".")[1] for a in node.names if a.name.startswith("toolkit.")]
        else:
            continue
        for name in names:
            assert name == room or LEVEL[name] < LEVEL[room], f"{room} must not import {name}"


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(HOME)))
def test_modules_are_small(path):
    assert len(path.read_text().splitlines()) <= 320


def requirement(text: str) -> tuple[str, str]:
    name = re.match(r"[A-Za-z0-9_.-]+", text).group()
    return CONDA.get(name.lower(), name.lower()), text[len(name) :].replace(" ", "")


def test_conda_and_pip_install_the_same():
    project = tomllib.loads((HOME / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    wanted = {requirement(r) for r in [*project["dependencies"], *sum(extras.values(), [])]}
    conda = yaml.safe_load((HOME / "environment.yml").read_text())["dependencies"]
    pip = conda[-1]["pip"]
    assert pip[-1] == "--editable ."
    found = {requirement(r) for r in [*conda[:-1], *pip[:-1]]}
    assert found - {("python", project["requires-python"]), ("pip", "")} == wanted
    assert ("python", project["requires-python"]) in found


def test_constraints_pin_every_dependency():
    project = tomllib.loads((HOME / "pyproject.toml").read_text())["project"]
    pinned = {
        re.sub(r"[-_.]+", "-", line.split("==")[0]).lower()
        for line in (HOME / "constraints.txt").read_text().splitlines()
        if "==" in line
    }
    for text in [*project["dependencies"], *sum(project["optional-dependencies"].values(), [])]:
        name = re.match(r"[A-Za-z0-9_.-]+", text).group()
        assert re.sub(r"[-_.]+", "-", name).lower() in pinned, f"{name} is not in constraints.txt"


def test_exact_pins_stand_only_in_the_constraints():
    assert "==" not in (HOME / "pyproject.toml").read_text()
    assert "==" not in (HOME / "environment.yml").read_text()
