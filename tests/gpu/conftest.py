"""The GPU suite: the same numbers on both devices, within the tolerance that each test states.

It needs a CUDA device and is skipped without one. ``TOOLKIT_GPU_TEST_DEVICE=cpu`` runs it with the CPU in the
GPU's place, which rehearses the tests themselves.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

NAME = os.environ.get("TOOLKIT_GPU_TEST_DEVICE", "cuda")


def pytest_collection_modifyitems(items):
    missing = NAME == "cuda" and not torch.cuda.is_available()
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("gpu")
            if missing:
                item.add_marker(pytest.mark.skip(reason="no CUDA device"))


@pytest.fixture
def device() -> Iterator[torch.device]:
    """The device to compare with the CPU. Convolutions keep all digits of float32 on it."""
    with torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
        yield torch.device(NAME)


@pytest.fixture
def same(device):
    """Compares what a function of the device gives on the CPU with what it gives there.

    ``same(function, rtol=..., atol=...)``; without a tolerance every number must be equal. The result must be on the
    device, unless ``stays=True``, for functions that answer on the CPU.
    """

    def check(function, *, rtol: float = 0.0, atol: float = 0.0, stays: bool = False) -> None:
        here, there = function(torch.device("cpu")), function(device)
        for expected, found in zip(_tensors(here), _tensors(there), strict=True):
            assert found.device.type == ("cpu" if stays else device.type)
            torch.testing.assert_close(found.detach().cpu(), expected.detach(), rtol=rtol, atol=atol)

    return check


def _tensors(result) -> list[torch.Tensor]:
    if isinstance(result, torch.Tensor):
        return [result]
    if isinstance(result, float):
        return [torch.tensor(result, dtype=torch.float64)]
    return [tensor for part in result for tensor in _tensors(part)]
