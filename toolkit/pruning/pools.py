"""Making a given number from random numbers, by choosing which of them to keep."""

from __future__ import annotations

import torch
from torch import Tensor

MOST = 20


def subset_sum(pool: Tensor, target: Tensor) -> Tensor:
    """Which numbers of a pool to keep so that their sum comes nearest to the target. Exact, by trying all subsets.

    The error falls exponentially with the size of a random pool (Lueker 1998), which is why pruning that may keep
    several units for each weight needs only logarithmic width (Pensia et al. 2020, arXiv:2006.07990).

    Args:
        pool: ``[..., k]``; k is at most 20, since there are ``2^k`` subsets for each target.
        target: ``[...]``.

    Returns:
        ``[..., k]``, true where a number is kept. The empty subset, with sum 0, is allowed.

    Raises:
        ValueError: a pool that is empty or too large, or shapes that do not fit.
    """
    size = pool.shape[-1] if pool.ndim else 0
    if not 1 <= size <= MOST:
        raise ValueError(f"the pool must hold 1 to {MOST} numbers; got {size}")
    if pool.shape[:-1] != target.shape:
        raise ValueError(f"pool must be [..., k] and target [...]; got {list(pool.shape)} and {list(target.shape)}")
    sums = torch.zeros(*target.shape, 1, dtype=pool.dtype, device=pool.device)
    for j in range(size):  # subset number b keeps item j if bit j of b is set
        sums = torch.cat([sums, sums + pool[..., j : j + 1]], dim=-1)
    best = (sums - target.unsqueeze(-1)).abs().argmin(-1, keepdim=True)
    return (best >> torch.arange(size, device=pool.device)) & 1 == 1
