"""Node classification: how much a linear classifier reads from an embedding."""

from __future__ import annotations

from functools import cache

import numpy as np
import torch
from torch import Tensor


def node_classification(
    embedding: Tensor,
    labels: Tensor,
    *,
    share: float = 0.5,
    repeats: int = 1,
    strength: float = 0.03,
    generator: torch.Generator,
) -> float:
    """Test accuracy of multinomial logistic regression, averaged over random splits with equal class shares.

    The embedding is centred and divided by one number, its overall standard deviation: so its geometry is
    kept, and methods of different scale meet the same penalty.

    Args:
        embedding: ``[n, d]``, on any device.
        labels: ``[n]`` int64.
        share: of the nodes whose label is known, between 0 and 1.
        repeats: random splits.
        strength: C of scikit-learn, the inverse of the penalty on the squared weights.
        generator: source of randomness, on the CPU.

    Raises:
        ValueError: sizes that do not fit, one class only, a share that leaves a side empty, or an embedding
            that is constant or not finite.
    """
    x = centred(embedding, len(labels))
    if not 0 < share < 1:
        raise ValueError(f"share must lie between 0 and 1; got {share}")
    if repeats < 1:
        raise ValueError(f"repeats must be at least 1; got {repeats}")
    y = labels.cpu().numpy()
    if len(np.unique(y)) < 2:
        raise ValueError("labels name one class only; there is nothing to classify")

    from sklearn.linear_model import LogisticRegression

    scores = []
    with _threads().limit(limits=1):  # problems this small lose time with more
        for _ in range(repeats):
            known = _known(y, share, generator)
            if known.all():
                raise ValueError(f"a share of {share} of {len(y)} nodes leaves none to test")
            model = LogisticRegression(C=strength, max_iter=1000, tol=1e-3).fit(x[known], y[known])
            scores.append(np.mean(model.predict(x[~known]) == y[~known]))
    return float(np.mean(scores))


def centred(embedding: Tensor, n: int) -> np.ndarray:
    """An embedding of n nodes without its mean, divided by its overall standard deviation; float64.

    Raises:
        ValueError: not one row for each node, constant, or not finite.
    """
    if embedding.ndim != 2 or len(embedding) != n:
        raise ValueError(f"embedding must have one row for each of {n} labels; got {list(embedding.shape)}")
    x = embedding.detach().cpu().double()
    if not bool(x.isfinite().all()):
        raise ValueError("embedding must be finite")
    x = x - x.mean(0)
    spread = x.square().mean().sqrt()
    if spread == 0:
        raise ValueError("embedding is constant; there is nothing to classify")
    return (x / spread).numpy()


@cache
def _threads():
    """Handle on the thread pools of the linear algebra libraries; finding them takes a while, so once."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def _known(y: np.ndarray, share: float, generator: torch.Generator) -> np.ndarray:
    """``[n]`` bool: a random share of every class, at least one node of each."""
    known = np.zeros(len(y), dtype=bool)
    for label in np.unique(y):
        members = np.flatnonzero(y == label)
        order = torch.randperm(len(members), generator=generator).numpy()
        known[members[order[: max(1, round(share * len(members)))]]] = True
    return known
