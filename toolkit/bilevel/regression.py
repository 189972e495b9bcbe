"""Regressions with a penalty for each coefficient: problems whose minimum and hypergradient are known exactly."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from toolkit.bilevel.hypergradient import Problem

KINDS = ("ridge", "logistic")
NEWTON_STEPS = 50


def penalized_regression(
    train: tuple[Tensor, Tensor], held: tuple[Tensor, Tensor], hyper: Tensor, *, kind: str
) -> tuple[Problem, Tensor, Tensor]:
    """A regression without intercept whose i-th coefficient has the penalty ``exp(hyper_i) w_i^2 / 2``.

    The inner loss is the mean over the training rows of half the squared error (``ridge``) or of the logistic loss in
    nats (``logistic``), plus the penalty; the outer loss is that mean over the held-out rows.

    Args:
        train, held: x ``[K, n, P]`` and y ``[K, n]``; y is 0 or 1 for ``logistic``. Best in float64.
        hyper: ``[K, P]``, logarithms of the penalties.
        kind: ``ridge`` or ``logistic``.

    Returns:
        ``(problem, minimum, hessian)``: the two losses; the minimum of the inner one at ``hyper``, ``[K, P]``; and its
        Hessian there, ``[K, P, P]``.

    Raises:
        ValueError: an unknown kind, or shapes that do not fit.
        RuntimeError: Newton's method did not reach the minimum, which damping would be needed for.
    """
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}; got {kind!r}")
    for x, y in (train, held):
        if x.ndim != 3 or y.shape != x.shape[:2] or hyper.shape != (x.shape[0], x.shape[2]):
            raise ValueError(
                f"x, y and hyper must be [K, n, P], [K, n] and [K, P]; "
                f"got {list(x.shape)}, {list(y.shape)} and {list(hyper.shape)}"
            )

    def fit(w: Tensor, x: Tensor, y: Tensor) -> Tensor:
        outputs = (x @ w[..., None])[..., 0]
        if kind == "ridge":
            return (outputs - y).square().mean(-1) / 2
        return binary_cross_entropy_with_logits(outputs, y, reduction="none").mean(-1)

    problem = Problem(lambda w, h: fit(w, *train) + (h.exp() * w.square()).sum(-1) / 2, lambda w, h: fit(w, *held))
    x, y = train
    w, penalty = torch.zeros_like(hyper), hyper.exp()
    for _ in range(NEWTON_STEPS):
        outputs = (x @ w[..., None])[..., 0]
        means = outputs if kind == "ridge" else outputs.sigmoid()
        spread = torch.ones_like(means) if kind == "ridge" else means * (1 - means)
        hessian = x.mT @ (spread[..., None] * x) / x.shape[1] + torch.diag_embed(penalty)
        slope = (x.mT @ (means - y)[..., None])[..., 0] / x.shape[1] + penalty * w
        if (slope.norm(dim=-1) <= 100 * torch.finfo(w.dtype).eps * (1 + w.norm(dim=-1))).all():
            return problem, w, hessian
        w = w - torch.linalg.solve(hessian, slope[..., None])[..., 0]
    raise RuntimeError(f"{NEWTON_STEPS} Newton steps left a slope of {slope.abs().max():.2g}")
