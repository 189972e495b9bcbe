"""How long a method takes."""

from __future__ import annotations

import time
from collections.abc import Callable

from torch import Tensor


def timed(method: Callable[[], Tensor], repeats: int = 1) -> tuple[Tensor, float]:
    """What a method returns, on the CPU, and the median of its times in seconds.

    Time is processor time, so that a busy machine does not change it, and wall time where the result lies on a GPU,
    which works beside the processor; bringing the result to the CPU then belongs to it.

    Args:
        method: takes nothing, returns a tensor.
        repeats: how often it runs; the last result is returned.

    Raises:
        ValueError: repeats below 1.
    """
    if repeats < 1:
        raise ValueError(f"repeats must be at least 1; got {repeats}")
    seconds = []
    for _ in range(repeats):
        wall, processor = time.perf_counter(), time.process_time()
        found = method()
        result = found.cpu()
        on_cpu = found.device.type == "cpu"
        seconds.append(time.process_time() - processor if on_cpu else time.perf_counter() - wall)
    return result, sorted(seconds)[repeats // 2]
