"""Node classification where a node may have several labels, as DeepWalk's evaluation does it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from toolkit.graphs.classify import centred

SHARES = (0.1, 0.5, 0.9)


def multilabel_f1(
    embedding: Tensor,
    labels: Tensor,
    *,
    shares: Sequence[float] = SHARES,
    strength: float = 0.1,
    generator: torch.Generator,
) -> Tensor:
    """Micro-F1 and Macro-F1 of one logistic regression per label.

    As in DeepWalk's evaluation (Perozzi et al. 2014, section 5), the number of labels of a test node is known, and
    its most probable ones are taken. The embedding is centred and divided by its overall standard deviation, as in
    ``node_classification``.

    Args:
        embedding: ``[n, d]``, on any device.
        labels: ``[n, L]`` of zeros and ones.
        shares: of the nodes whose labels are known; each takes the first nodes of one random order.
        strength: C of scikit-learn, the inverse of the penalty on the squared weights.
        generator: source of the order, on the CPU.

    Returns:
        ``[shares, 2]``: Micro-F1, from the counts of all labels together, and Macro-F1, the mean over labels.

    Raises:
        ValueError: sizes that do not fit, labels other than 0 and 1, a share that leaves a side empty, or an embedding
            that is constant or not finite.
    """
    if labels.ndim != 2 or not bool(((labels == 0) | (labels == 1)).all()):
        raise ValueError(f"labels must be an [n, L] matrix of zeros and ones; got shape {list(labels.shape)}")
    x, y = centred(embedding, len(labels)), labels.cpu().numpy().astype(np.float64)
    order = torch.randperm(len(y), generator=generator).numpy()
    scores = []
    for share in shares:
        known = round(share * len(y))
        if not 0 < known < len(y):
            raise ValueError(f"a share of {share} of {len(y)} nodes leaves none to train with or none to test")
        train, test = order[:known], order[known:]
        logits = x[test] @ (found := one_vs_rest(x[train], y[train], strength))[:-1] + found[-1]
        scores.append(f1(most_probable(logits, y[test].sum(1).astype(int)), y[test]))
    return torch.tensor(scores)


def compare_multilabel(
    embeddings: Sequence[Tensor], labels: Tensor, *, generator: torch.Generator, **options
) -> Tensor:
    """``multilabel_f1`` of several embeddings of one graph, all with the same nodes known: ``[M, shares, 2]``.

    Args:
        embeddings: M of them, ``[n, d]`` each; their d may differ.
        labels, generator, options: as ``multilabel_f1``.

    Raises:
        ValueError: as ``multilabel_f1``.
    """
    seed = int(torch.randint(2**31 - 1, (), generator=generator))
    same = [torch.Generator().manual_seed(seed) for _ in embeddings]
    return torch.stack([multilabel_f1(N, labels, generator=g, **options) for N, g in zip(embeddings, same)])


def one_vs_rest(x: np.ndarray, y: np.ndarray, strength: float) -> np.ndarray:
    """One penalized logistic regression per label, all fitted together: ``[n, d]``, ``[n, L]`` -> ``[d + 1, L]``.

    The last row holds the intercepts, which are not penalized. The loss is that of scikit-learn's
    ``LogisticRegression``; together they take a fraction of the time.
    """
    from scipy.optimize import minimize
    from scipy.special import expit

    sign = 2 * y - 1  # -1 and +1

    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        w = flat.reshape(x.shape[1] + 1, y.shape[1])
        logits = x @ w[:-1] + w[-1]
        slope = -strength * sign * expit(-sign * logits)
        gradient = np.concatenate([x.T @ slope + w[:-1], slope.sum(0, keepdims=True)])
        value = strength * np.logaddexp(0, -sign * logits).sum() + 0.5 * np.square(w[:-1]).sum()
        return value, gradient.ravel()

    start = np.zeros((x.shape[1] + 1, y.shape[1]))
    found = minimize(loss, start.ravel(), jac=True, method="L-BFGS-B", options={"maxiter": 300, "ftol": 1e-7})
    return found.x.reshape(start.shape)


def most_probable(logits: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """``[n, L]`` of zeros and ones: in row i the ``counts[i]`` labels with the highest logits."""
    rank = (-logits).argsort(axis=1, kind="stable").argsort(axis=1)
    return (rank < counts[:, None]).astype(np.float64)


def f1(found: np.ndarray, right: np.ndarray) -> tuple[float, float]:
    """Micro-F1 and Macro-F1; a label that is neither found nor there counts as 0, as in scikit-learn."""
    hits, both = (found * right).sum(0), found.sum(0) + right.sum(0)
    per_label = np.divide(2 * hits, both, out=np.zeros_like(hits), where=both > 0)
    return 2 * float(hits.sum()) / max(float(both.sum()), 1.0), float(per_label.mean())
