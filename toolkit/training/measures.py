"""Losses and accuracy, per member of an ensemble."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    """Mean cross entropy over a batch: ``[..., B, classes]``, ``[..., B]`` -> ``[...]``, in nats."""
    flat = nn.functional.cross_entropy(logits.flatten(0, -2), targets.flatten(), reduction="none")
    return flat.view(targets.shape).mean(-1)


def squared_error(outputs: Tensor, targets: Tensor) -> Tensor:
    """Half the squared error, summed over outputs, averaged over a batch: ``[..., B, out]`` -> ``[...]``."""
    return 0.5 * (outputs - targets).square().sum(-1).mean(-1)


@torch.no_grad()
def accuracy(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    """Share of right answers: a scalar for one network, ``[K]`` for an ensemble.

    Args:
        model: one network or an ensemble.
        x, y: ``[n, ...]`` inputs and ``[n]`` classes, or ``[K, n, ...]`` and ``[K, n]`` with a set of its own
            for each member.
    """
    return (outputs_on(model, x, y).argmax(-1) == y).float().mean(-1)


def outputs_on(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    """Outputs on held-out data; what all members of an ensemble share is shown to each."""
    members = getattr(model, "members", None)
    return model(x if members is None or y.ndim == 2 else x.expand(members, *x.shape))
