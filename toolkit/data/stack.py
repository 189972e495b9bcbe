"""Independent draws, one per member of an ensemble."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor


def stacked(make: Callable[..., Any], seeds: Sequence[int]) -> Any:
    """Calls a maker once per seed, each time with a generator of its own, and stacks what it returns.

    Member k is ``make(generator=torch.Generator().manual_seed(seeds[k]))`` and does not depend on the
    others. ``stacked(partial(two_moons, 300, noise=0.1), range(5))`` gives points ``[5, 300, 2]`` and
    classes ``[5, 300]``.

    Args:
        make: any maker of this room with its sizes and parameters filled in; its result must be a tensor
            or a (named) tuple of such results, with the same shapes for every seed.
        seeds: one per member, K of them.

    Returns:
        What the maker returns, each tensor with a first axis of K members.

    Raises:
        ValueError: no seed, or draws of different shapes.
        TypeError: a maker that returns something else, such as a graph.
    """
    return _join([make(generator=generator) for generator in member_generators(seeds)])


def member_generators(seeds: Sequence[int]) -> list[torch.Generator]:
    """One generator for each member, on the CPU, so that no member depends on the others or on the device.

    Raises:
        ValueError: no seed.
    """
    if len(seeds) == 0:
        raise ValueError("seeds must name at least one member")
    return [torch.Generator().manual_seed(int(seed)) for seed in seeds]


def _join(draws: list[Any]) -> Any:
    first = draws[0]
    if isinstance(first, Tensor):
        shapes = {tuple(draw.shape) for draw in draws}
        if len(shapes) > 1:
            raise ValueError(f"draws must have the same shape to be stacked; got {sorted(shapes)}")
        return torch.stack(draws)
    if isinstance(first, tuple):
        parts = [_join(list(part)) for part in zip(*draws)]
        return first._make(parts) if hasattr(first, "_make") else tuple(parts)
    raise TypeError(f"only tensors and tuples of them can be stacked; got {type(first).__name__}")
