"""Weights and hyperparameters tuned together, for all members at once."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from toolkit.bilevel.hypergradient import (
    Inverse,
    Problem,
    implicit_hypergradient,
    member_rate,
    unrolled_hypergradient,
)

Round = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]


def descend(problem: Problem, weights: Tensor, hyper: Tensor, *, steps: int, rate: float | Tensor) -> Tensor:
    """Gradient descent on the inner loss, no graph kept: the weights after so many steps.

    Args:
        problem, weights, hyper: as for ``implicit_hypergradient``.
        steps: at least 0.
        rate: a number, or ``[K]`` with one per member.

    Raises:
        ValueError: a negative number of steps, or a rate that does not fit.
    """
    if steps < 0:
        raise ValueError(f"steps must be at least 0; got {steps}")
    w, h = weights.detach().clone().requires_grad_(), hyper.detach()
    rate = member_rate(rate, w)
    for _ in range(steps):
        with torch.enable_grad():
            (slope,) = torch.autograd.grad(problem.inner(w, h).sum(), w)
        with torch.no_grad():
            w -= rate * slope
    return w.detach()


def implicit(problem: Problem, *, steps: int, rate: float | Tensor, inverse: Inverse) -> Round:
    """A round for ``tune``: steps of descent, then the implicit hypergradient at the place reached."""

    def go(weights: Tensor, hyper: Tensor) -> tuple[Tensor, Tensor]:
        weights = descend(problem, weights, hyper, steps=steps, rate=rate)
        return weights, implicit_hypergradient(problem, weights, hyper, inverse=inverse)

    return go


def unrolled(problem: Problem, *, steps: int, rate: float | Tensor) -> Round:
    """A round for ``tune``: steps of descent, and the hypergradient through these steps."""

    def go(weights: Tensor, hyper: Tensor) -> tuple[Tensor, Tensor]:
        slope, weights = unrolled_hypergradient(problem, weights, hyper, steps=steps, rate=rate)
        return weights, slope

    return go


def tune(
    go: Round,
    weights: Tensor,
    hyper: Tensor,
    *,
    rounds: int,
    hyper_rate: float,
    callback: Callable[[int, Tensor, Tensor], None] | None = None,
) -> tuple[Tensor, Tensor]:
    """Rounds of training, each followed by one step of the hyperparameters (Lorraine et al. 2020, algorithm 1).

    The step is Adam's (Kingma and Ba 2015). Training goes on where the round before stopped, so the weights are never
    far from the minimum if the hyperparameters move slowly. Members do not touch each other.

    Args:
        go: one round: ``(weights, hyper) -> (new weights, hypergradient)``, as from ``implicit`` or ``unrolled``.
        weights: ``[K, P]`` or ``[P]`` to start from.
        hyper: ``[K, H]`` or ``[H]`` to start from.
        rounds: at least 1.
        hyper_rate: learning rate of the hyperparameters.
        callback: called as ``callback(round, weights, hyper)`` before the first round with 0 and after each.

    Returns:
        ``(weights, hyper)`` after the last round; neither argument is changed.

    Raises:
        ValueError: no round.
        FloatingPointError: a hypergradient that is not finite; names the round and the members.
    """
    if rounds < 1:
        raise ValueError(f"rounds must be at least 1; got {rounds}")
    weights, hyper = weights.detach().clone(), hyper.detach().clone()
    engine = torch.optim.Adam([hyper], lr=hyper_rate)
    if callback is not None:
        callback(0, weights, hyper.clone())
    for number in range(1, rounds + 1):
        weights, slope = go(weights, hyper)
        wrong = ~torch.isfinite(slope).all(-1)
        if wrong.any():
            raise FloatingPointError(
                f"the hypergradient of members {wrong.reshape(-1).nonzero()[:, 0].tolist()} is not finite in round "
                f"{number}; a smaller rate, or a smaller step of the Neumann series, may help"
            )
        hyper.grad = slope
        engine.step()
        if callback is not None:
            callback(number, weights, hyper.clone())
    return weights, hyper.detach()
