"""Small exact tasks: the parity of a few bits, arithmetic modulo a number."""

from __future__ import annotations

import torch
from torch import Tensor

from toolkit.data.bounds import at_least, between

OPERATIONS = {"add": torch.add, "subtract": torch.subtract, "multiply": torch.multiply}


def sparse_parity(n: int, dimension: int, *, order: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Random signs, and the product of the first few of them.

    Args:
        n: examples.
        dimension: d, signs per example.
        order: how many of them, counted from the first, decide the label; at most d.
        generator: source of randomness, on the CPU.

    Returns:
        inputs ``[n, d]`` float32, independent and -1 or 1 with equal probability, and labels ``[n]``
        float32, the product of the first ``order`` columns.

    Raises:
        ValueError: a number outside its range.
    """
    at_least(1, n=n, dimension=dimension)
    between(1, dimension, order=order)
    inputs = 2.0 * torch.randint(2, (n, dimension), generator=generator) - 1
    return inputs, inputs[:, :order].prod(dim=1)


def modular_arithmetic(
    modulus: int, *, share: float, operation: str = "add", generator: torch.Generator
) -> tuple[Tensor, Tensor, Tensor]:
    """All pairs of numbers modulo p, and which of them are for training (Power et al. 2022).

    Args:
        modulus: p, at least 2.
        share: of the ``p * p`` pairs that are for training, rounded to a whole number of pairs.
        operation: ``add``, ``subtract`` or ``multiply``.
        generator: source of randomness, on the CPU; it decides the split alone.

    Returns:
        pairs ``[p * p, 2]`` int64 in lexicographic order, results ``[p * p]`` int64, and ``[p * p]`` bool,
        True for training.

    Raises:
        ValueError: a number outside its range, or an unknown operation.
    """
    at_least(2, modulus=modulus)
    between(0, 1, share=share)
    if operation not in OPERATIONS:
        raise ValueError(f"operation must be one of {', '.join(OPERATIONS)}; got {operation!r}")
    numbers = torch.arange(modulus)
    pairs = torch.cartesian_prod(numbers, numbers)
    results = OPERATIONS[operation](pairs[:, 0], pairs[:, 1]) % modulus
    training = torch.zeros(len(pairs), dtype=torch.bool)
    training[torch.randperm(len(pairs), generator=generator)[: round(share * len(pairs))]] = True
    return pairs, results, training
