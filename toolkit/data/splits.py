"""Choosing the validation part of a published data set."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from toolkit.data.stack import member_generators


def hold_out(
    load: Callable[..., tuple[Tensor, Tensor]], size: int, seeds: Sequence[int], *, device: torch.device | str = "cpu"
) -> tuple[Tensor, Tensor, list[Tensor]]:
    """A data set with its published test part, and one random choice of validation examples for each seed.

    Args:
        load: a loader that takes ``train`` and ``device``, such as ``toolkit.data.images.mnist``.
        size: validation examples, taken from the training part.
        seeds: K of them; a choice depends on its seed alone.
        device: of the result.

    Returns:
        inputs ``[n, ...]`` and labels ``[n]``, the test part behind the training part, and three index tensors
        ``[K, examples]``: training, validation, test. All seeds have the same test part.

    Raises:
        ValueError: no seed, or no example left to train with.
    """
    parts = [load(train=train, device=device) for train in (True, False)]
    inputs, labels = (torch.cat(pair) for pair in zip(*parts))
    known = len(parts[0][1])
    if not seeds or not 1 <= size < known:
        raise ValueError(f"give at least one seed and a size between 1 and {known - 1}; got {len(seeds)} and {size}")
    orders = [torch.randperm(known, generator=generator) for generator in member_generators(seeds)]
    order = torch.stack(orders).to(device)
    test = torch.arange(known, len(labels), device=device).expand(len(seeds), -1)
    return inputs, labels, [order[:, size:], order[:, :size], test]
