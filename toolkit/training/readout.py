"""Fitting nothing but a linear readout."""

from __future__ import annotations

from itertools import cycle

import torch
from torch import Tensor

from toolkit.models import MLP
from toolkit.training.loop import train
from toolkit.training.measures import cross_entropy


def fit_readout(
    features: Tensor,
    labels: Tensor,
    *,
    classes: int,
    steps: int = 200,
    batch_size: int = 200,
    learning_rate: float = 0.1,
) -> tuple[Tensor, Tensor]:
    """Softmax regression for K members side by side: the readout of random features, or a probe of a trained network.

    Adam from zero, on batches in the given order, with the features scaled to mean square 1 for each member (the scale
    is put back into the weights).

    Args:
        features: ``[K, n, F]``.
        labels: ``[K, n]`` int64.
        classes: how many there are.
        steps, batch_size, learning_rate: of training; a last batch that is not full is dropped.

    Returns:
        Weights ``[K, F, classes]`` and biases ``[K, 1, classes]``: ``features @ weights + biases`` are the logits.

    Raises:
        ValueError: shapes that do not fit, a label that is no class, or a batch larger than the data.
    """
    if features.ndim != 3 or labels.shape != features.shape[:2]:
        raise ValueError(f"features must be [K, n, F], labels [K, n]; got {list(features.shape)}, {list(labels.shape)}")
    if labels.min() < 0 or labels.max() >= classes:
        raise ValueError(f"labels must be between 0 and {classes - 1}; got {int(labels.min())} to {int(labels.max())}")
    members, n, width = features.shape
    if not 1 <= batch_size <= n:
        raise ValueError(f"batch_size must be between 1 and {n}; got {batch_size}")
    size = features.square().mean((1, 2), keepdim=True).sqrt().clamp(min=1e-12)
    net = MLP([width, classes], [0] * members, device=features.device, dtype=features.dtype)
    with torch.no_grad():
        net.weights[0].zero_()
    starts = cycle(range(0, n - batch_size + 1, batch_size))
    data = ((features[:, i : i + batch_size] / size, labels[:, i : i + batch_size]) for i in starts)
    train(net, data, loss=cross_entropy, steps=steps, learning_rate=learning_rate, label="readout")
    return net.weights[0].detach() / size, net.biases[0].detach()
