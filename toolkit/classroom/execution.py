"""The cells of one submission, run in a sandbox: what each printed and showed, and which tests passed."""

from __future__ import annotations

import base64
import binascii
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from toolkit.classroom.sandbox import Limits, Sandbox, SandboxError

GRACE_SECONDS = 5  # a cell stops itself at its limit; after this it is stopped from outside
KINDS = {"stream", "display_data", "execute_result", "error"}


@dataclass(frozen=True)
class Cell:
    """A code cell of a submission; a test is one whose source comes from the course."""

    source: str
    test: bool = False


@dataclass
class Execution:
    """What running the cells gave.

    ``outputs`` has one list per cell, in the notebook format. The outputs of a test that passed hold no error.
    """

    outputs: list[list[dict]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def execute(
    cells: list[Cell], imports: str, limits: Limits, *, hidden: tuple[Path, ...] = (), unsafe: bool = False
) -> Execution:
    """Runs the cells in order; a cell that fails does not stop those after it.

    Args:
        cells: code cells of one submission.
        imports: import statements of the assignment, run before the first cell and before each test.
        limits: what the code may use.
        hidden: folders that the code must not see.
        unsafe: run without bubblewrap.

    Raises:
        SandboxError: the sandbox cannot be used or did not start; trouble later is a note and errors in ``outputs``.
    """
    found = Execution()
    with Sandbox(limits, imports, hidden=hidden, unsafe=unsafe) as sandbox:
        for number, cell in enumerate(cells, start=1):
            try:
                if cell.test:
                    found.outputs.append(_test(sandbox, cell.source, found.notes))
                else:
                    sandbox.send({"kind": "cell", "source": cell.source})
                    answer = sandbox.receive(limits.cell_seconds + GRACE_SECONDS)
                    found.outputs.append(_outputs(answer))
                    if answer.get("state") == "late":
                        found.notes.append(f"code cell {number} was stopped after {limits.cell_seconds} s")
            except SandboxError as error:
                found.notes.append(f"stopped in code cell {number}: {error}")
                found.outputs.append([_error("Stopped", str(error))])
                rest = _error("NotRun", f"the run was stopped in code cell {number}: {error}")
                found.outputs += [[rest] for _ in cells[number:]]
                break
    return found


def _test(sandbox: Sandbox, source: str, notes: list[str]) -> list[dict]:
    """Runs one test; no error in what it returns means that it passed."""
    patience = sandbox.limits.cell_seconds + GRACE_SECONDS
    proof = secrets.token_hex(16)
    sandbox.send({"kind": "test"})
    answer = sandbox.receive(patience)
    if "ready" not in answer:
        return [_error("NotRun", str(answer.get("refused", "the test could not be started"))[:500])]
    sandbox.send({"source": source, "proof": proof})
    answer = sandbox.receive(patience)
    if "ended" in answer:
        return [_error("Ended", "the process ended before the test did")]
    outputs = _outputs(answer)
    sandbox.receive(patience)  # that the fork has ended
    for name in _strings(answer.get("changed")):
        note = f"the submission replaced {name}; tests ran with the original"
        if note not in notes:
            notes.append(note)
    errors = [output for output in outputs if output["output_type"] == "error"]
    if answer.get("proof") == proof:
        return [output for output in outputs if output.get("name") == "stdout"]
    return outputs if errors else [*outputs, _error("NotPassed", "the test did not report that it passed")]


def _error(name: str, text: str) -> dict:
    return {"output_type": "error", "ename": name, "evalue": text, "traceback": [f"{name}: {text}"]}


def _strings(found: object, most: int = 20) -> list[str]:
    return [item[:2000] for item in found[:most] if isinstance(item, str)] if isinstance(found, list) else []


def _outputs(answer: dict) -> list[dict]:
    """The outputs in an answer, with nothing in them but what the notebook format has: the sender is not trusted."""
    found = []
    for item in answer.get("outputs") or []:
        kind = item.get("output_type") if isinstance(item, dict) else None
        if kind == "stream" and isinstance(item.get("text"), str):
            name = "stderr" if item.get("name") == "stderr" else "stdout"
            found.append({"output_type": kind, "name": name, "text": item["text"]})
        elif kind == "error":
            name, value = str(item.get("ename", "Error"))[:200], str(item.get("evalue", ""))[:2000]
            lines = _strings(item.get("traceback"), 50) or [f"{name}: {value}"]
            found.append({"output_type": kind, "ename": name, "evalue": value, "traceback": lines})
        elif kind in KINDS and isinstance(item.get("data"), dict):
            found.append(_display(kind, item["data"], item.get("metadata")))
    return found


def _display(kind: str, data: dict, metadata: object) -> dict:
    kept = {mime: data[mime] for mime in ("text/plain", "text/markdown") if isinstance(data.get(mime), str)}
    try:
        picture = base64.b64decode(data.get("image/png") or "", validate=True)
    except (binascii.Error, TypeError, ValueError):
        picture = b""
    if picture.startswith(b"\x89PNG"):
        kept["image/png"] = data["image/png"]
    output = {"output_type": kind, "data": kept or {"text/plain": ""}, "metadata": {}}
    image = metadata.get("image/png") if isinstance(metadata, dict) else None
    if isinstance(image, dict) and isinstance(image.get("alt"), str):
        output["metadata"] = {"image/png": {"alt": image["alt"]}}
    return output | ({"execution_count": None} if kind == "execute_result" else {})
