"""Mini-batches, with one order of the data per member."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor


def batches(
    x: Tensor, y: Tensor, batch_size: int, *, seeds: int | Sequence[int], subsets: Tensor | None = None
) -> Iterator[tuple[Tensor, Tensor]]:
    """Endless shuffled mini-batches; an epoch's incomplete last batch is dropped.

    Args:
        x: ``[n, ...]`` inputs.
        y: ``[n, ...]`` targets.
        batch_size: how many points a batch has, B.
        seeds: one seed gives ``[B, ...]`` batches in one order; K seeds give ``[K, B, ...]``, each member
            with an order of its own that depends on its seed alone.
        subsets: ``[K, m]`` indices into x, when each member has its own training set; all of x by default.

    Raises:
        ValueError: a batch larger than the data, x and y of different length, or subsets that do not fit.
    """
    single = isinstance(seeds, int)
    generators = [torch.Generator().manual_seed(int(s)) for s in ([seeds] if single else seeds)]
    if len(x) != len(y):
        raise ValueError(f"x and y must have the same length; got {len(x)} and {len(y)}")
    if subsets is not None and (subsets.ndim != 2 or len(subsets) != len(generators)):
        raise ValueError(f"subsets must be [{len(generators)}, m]; got {list(subsets.shape)}")
    size = len(x) if subsets is None else subsets.shape[1]
    if not 1 <= batch_size <= size:
        raise ValueError(f"batch_size must be between 1 and {size}; got {batch_size}")

    def generate():
        flat = x.flatten(1)
        while True:
            order = torch.stack([torch.randperm(size, generator=g) for g in generators]).to(x.device)
            if subsets is not None:
                order = subsets.to(x.device).gather(1, order)
            for start in range(0, size - batch_size + 1, batch_size):
                index = order[:, start : start + batch_size].reshape(-1)
                shape = (batch_size,) if single else (len(generators), batch_size)
                yield (
                    flat.index_select(0, index).view(*shape, *x.shape[1:]),
                    y.index_select(0, index).view(*shape, *y.shape[1:]),
                )

    return generate()
