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


def pick(outputs: Tensor, rows: Tensor | None) -> Tensor:
    """The outputs of some examples, for networks that see all of them at once, as those on graphs do.

    Args:
        outputs: ``[..., n, out]``.
        rows: indices ``[m]``, or ``[K, m]`` with an own choice for each member; None for all.

    Returns:
        ``[..., m, out]``.
    """
    if rows is None:
        return outputs
    if rows.ndim == 1:
        return outputs[..., rows, :]
    return outputs.gather(-2, rows[..., None].expand(*rows.shape, outputs.shape[-1]))


@torch.no_grad()
def accuracy(model: nn.Module, x: Tensor, y: Tensor, *, rows: Tensor | None = None) -> Tensor:
    """Share of right answers: a scalar for one network, ``[K]`` for an ensemble.

    Args:
        model: one network or an ensemble.
        x, y: ``[n, ...]`` inputs and ``[n]`` classes, or ``[K, n, ...]`` and ``[K, n]`` with a set of its own
            for each member.
        rows: if given, y belongs to these examples of x, as for ``pick``.
    """
    return (pick(outputs_on(model, x, y), rows).argmax(-1) == y).float().mean(-1)


def outputs_on(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    """Outputs on held-out data, without dropout; what all members of an ensemble share is shown to each."""
    members, training = getattr(model, "members", None), model.training
    model.eval()
    outputs = model(x if members is None or y.ndim == 2 else x.expand(members, *x.shape))
    model.train(training)
    return outputs
