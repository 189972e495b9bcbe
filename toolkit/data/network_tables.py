"""Tables for classification whose labels a random network gives."""

from __future__ import annotations

import torch
from torch import Tensor

from toolkit.data.bounds import at_least


def network_tables(
    count: int, rows: int, columns: int, *, hidden: int = 16, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Tables drawn from a prior over networks with one hidden layer, half of the rows in each class.

    Each table has between 2 and ``columns`` columns, standard normal and independent; the rest holds zeros. The
    network's weights are normal, with a scale of its own for each table, and the label says on which side of the
    table's median its output is.

    Args:
        count: how many tables.
        rows, columns: of each.
        hidden: units of the networks (tanh).
        generator: source of randomness, on the CPU.

    Returns:
        ``[count, rows, columns]`` and labels -1 or 1, ``[count, rows]``, float32, on the CPU.

    Raises:
        ValueError: fewer than one table, two rows, two columns or one hidden unit.

    Source: the Bayesian neural network prior of Müller et al. (2022), arXiv 2112.10510, section 6, much simplified.
    """
    at_least(1, count=count, hidden=hidden)
    at_least(2, rows=rows, columns=columns)
    used = torch.randint(2, columns + 1, (count, 1, 1), generator=generator)
    x = torch.randn(count, rows, columns, generator=generator) * (torch.arange(columns) < used)
    scale = torch.randn(count, 1, 1, generator=generator).exp()
    first = scale * torch.randn(count, columns, hidden, generator=generator) / used.sqrt()
    second = torch.randn(count, hidden, 1, generator=generator)
    output = (torch.tanh(x @ first) @ second)[..., 0]
    order = output.argsort(-1).argsort(-1)
    return x, torch.where(order >= rows // 2, 1.0, -1.0)
