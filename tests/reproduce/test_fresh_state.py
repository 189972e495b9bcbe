"""A forked kernel is as good as a fresh one, and no run sees what another has done."""

import json
import os
import sys
import time

import nbformat
import pytest

from toolkit.reproduce.kernel import FIXED_SEED
from toolkit.reproduce.local import thread_settings
from toolkit.reproduce.run import Task

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux only")

LOOK = """
import sys
loaded = sorted(name for name in sys.modules if name.split(".")[0] in ("toolkit", "colorsys", "chunk"))
import gc, hashlib, json, logging, os, random, signal, threading
import matplotlib as mpl, numpy as np, torch
import matplotlib.pyplot as plt
print(json.dumps({
    "environment": dict(os.environ), "path": sys.path, "argv": sys.argv[0], "folder": os.listdir("."),
    "threads": [torch.get_num_threads(), torch.get_num_interop_threads()],
    "python threads": sorted(type(t).__name__ for t in threading.enumerate()),
    "dtype": str(torch.get_default_dtype()), "grad": torch.is_grad_enabled(),
    "deterministic": torch.are_deterministic_algorithms_enabled(), "denormal": float(torch.full((1,), 1e-30) * 1e-10),
    "rc": {k: str(v) for k, v in mpl.rcParams.items()}, "figures": plt.get_fignums(), "backend": mpl.get_backend(),
    "numpy": [np.geterr(), np.get_printoptions()["precision"]],
    "logging": [logging.getLogger().level, len(logging.getLogger().handlers)],
    "signals": [str(signal.getsignal(s)) for s in (2, 15, 17, 13)], "umask": os.umask(0o22),
    "gc": gc.isenabled(), "recursion": sys.getrecursionlimit(), "main": sorted(vars(sys.modules["__main__"])),
}, default=str))
"""
DRAW = (
    "print(json.dumps([random.random(), np.random.random(), np.random.default_rng().random(), torch.initial_seed()]))"
)
TRAINING = """
import toolkit.training
print(float(torch.full((1,), 1e-30) * 1e-10), float((torch.full((10**6,), 1e-30) * 1e-10).max()))
"""
SPOIL = """
import os, random, sys, chunk, colorsys
import numpy as np, torch, matplotlib as mpl, matplotlib.pyplot as plt
import toolkit.training, toolkit.catalog
toolkit.catalog.parts().clear()
os.environ["SPOILED"] = "yes"; os.chdir("/"); sys.path.insert(0, "/nowhere"); os.umask(0)
random.seed(1); np.random.seed(1); torch.manual_seed(1); np.seterr(all="ignore")
torch.set_num_threads(2); torch.set_default_dtype(torch.float64); torch.use_deterministic_algorithms(True)
torch.set_grad_enabled(False); torch.rand(1000, 1000) @ torch.rand(1000, 1000)
mpl.rcParams["lines.linewidth"] = 9; plt.figure(); torch.nn.Linear.forward = None
"""


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """What notebooks of these cells print, each run in turn through one server."""
    from toolkit.reproduce.forkserver import ForkServer

    home = tmp_path_factory.mktemp("state")
    server = ForkServer(["not_there"], thread_settings(1))
    made = 0

    def run(*cells: str, fork: bool = True) -> list[str]:
        nonlocal made
        made += 1
        source = home / f"{made}.ipynb"
        nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells]), source)
        task = Task(f"run-{made}", "x", str(source), str(home), str(home / str(made)), {}, {}, fork, None, None,
                    time.time(), {})  # fmt: skip
        (home / str(made)).mkdir()
        with server.submit(task) as lines:
            result = [json.loads(line) for line in lines][-1]
        assert result["state"] == "done", result
        executed = nbformat.read(home / result["notebook"], as_version=4)
        return ["".join(o.get("text", "") for o in cell.outputs) for cell in executed.cells]

    yield run
    server.close()


def test_forked_is_as_fresh(runs):
    plain, first = json.loads(runs(LOOK, fork=False)[0]), json.loads(runs(LOOK)[0])
    runs(SPOIL)
    second = json.loads(runs(LOOK)[0])
    assert "SPOILED" not in second["environment"]
    for found in (plain, first, second):  # names of processes and temporary folders
        for name in ("JPY_PARENT_PID", "JPY_SESSION_NAME", "PYDEVD_USE_FRAME_EVAL"):
            found["environment"].pop(name, None)
        found["main"] = [name for name in found["main"] if not name.startswith("_")]
        found["argv"] = os.path.basename(found["argv"])
    assert first == plain
    assert second == plain
    assert plain["denormal"] > 0 and plain["folder"] == [] and plain["threads"][0] == 1


def test_random_numbers_differ_as_in_fresh_kernels(runs):
    imports = "import json, random, torch\nimport numpy as np"
    draws = [json.loads(runs(imports, DRAW)[1]) for _ in range(2)]
    assert all(a != b or a == FIXED_SEED for a, b in zip(*draws))


def test_what_a_chapter_imports_takes_effect(runs):
    """torch is told to treat denormal numbers as zero when, and only when, a chapter imports toolkit.training."""
    assert runs("import torch", TRAINING)[1].split() == ["0.0", "0.0"]


def test_modules_of_another_run_are_not_there(runs):
    runs(SPOIL)
    found = runs("import sys\nprint(*[n for n in sys.modules if n in ('chunk', 'toolkit.training', 'toolkit.plots')])")
    assert found == ["\n"]
    assert runs("import toolkit.catalog\nprint(len(toolkit.catalog.parts()) > 1)") == ["True\n"]


def test_start_is_quick(runs):
    """Half a second from asking to the first cell on a quiet machine; more is allowed here, a cold start takes 5."""
    runs("1")
    asked = time.time()
    began = float(runs("import time, torch, matplotlib.pyplot\nprint(time.time())")[0])
    assert began - asked < 2.5
