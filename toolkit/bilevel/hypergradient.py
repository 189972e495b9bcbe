"""The derivative of the outer loss with respect to the hyperparameters: implicit, or through unrolled training."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from toolkit.curvature.products import Product

Inverse = Callable[[Product, Tensor], Tensor]


@dataclass(frozen=True)
class Problem:
    """Two losses of weights ``[K, P]`` and hyperparameters ``[K, H]`` that give ``[K]``; or of ``[P]``, ``[H]``.

    The k-th loss must depend on the k-th weights and hyperparameters alone. Then the sum over members may be
    differentiated in one pass.

    Attributes:
        inner: ``inner(weights, hyper)``, the training loss.
        outer: ``outer(weights, hyper)``, the validation loss; it need not use the hyperparameters.
    """

    inner: Callable[[Tensor, Tensor], Tensor]
    outer: Callable[[Tensor, Tensor], Tensor]


def implicit_hypergradient(problem: Problem, weights: Tensor, hyper: Tensor, *, inverse: Inverse) -> Tensor:
    """The hypergradient by the implicit function theorem, ``[K, H]`` or ``[H]``.

    ``d outer / d hyper - v^T H^-1 (d2 inner / dw d hyper)`` with ``v = d outer / dw`` and the Hessian H of the inner
    loss in the weights (Lorraine, Vicol and Duvenaud 2020, algorithm 2). Exact at a minimum of the
    inner loss with an exact inverse; no step of training is differentiated. The inverse takes products with H, each
    about as dear as two gradients.

    Args:
        problem: the two losses.
        weights: ``[K, P]`` or ``[P]``, at or near the minimum.
        hyper: ``[K, H]`` or ``[H]``.
        inverse: ``inverse(product, v)``, as in ``toolkit.bilevel.inverse``.

    Raises:
        ValueError: shapes that do not fit, or losses that are not one number per member.
    """
    w, h = _leaves(weights, hyper)
    with torch.enable_grad():
        (slope,) = torch.autograd.grad(_sum(problem.inner, w, h, "inner"), w, create_graph=True)
        v, direct = torch.autograd.grad(_sum(problem.outer, w, h, "outer"), (w, h), allow_unused=True)
    v = torch.zeros_like(w) if v is None else v
    direct = torch.zeros_like(h) if direct is None else direct
    if not slope.requires_grad:  # the inner loss is linear and has no minimum
        raise ValueError("the gradient of the inner loss depends on neither weights nor hyperparameters")

    def product(vector: Tensor) -> Tensor:
        (found,) = torch.autograd.grad(slope, w, vector, retain_graph=True, materialize_grads=True)
        return found

    solved = inverse(product, v)
    (mixed,) = torch.autograd.grad(slope, h, solved, materialize_grads=True)
    return direct - mixed


def unrolled_hypergradient(
    problem: Problem, weights: Tensor, hyper: Tensor, *, steps: int, rate: float | Tensor
) -> tuple[Tensor, Tensor]:
    """The hypergradient through so many steps of gradient descent, and the weights after them.

    Reverse-mode differentiation of ``w <- w - rate d inner / dw`` (Domke 2012; Maclaurin, Duvenaud and Adams 2015).
    The weights at the start are taken as constant. Every step is kept in memory until the end.

    Args:
        problem, weights, hyper: as for ``implicit_hypergradient``.
        steps: at least 1.
        rate: of descent; a number, or ``[K]`` with one per member.

    Returns:
        ``(hypergradient, weights)``: ``[K, H]`` and ``[K, P]``, or ``[H]`` and ``[P]``, without a graph.

    Raises:
        ValueError: no step; else as ``implicit_hypergradient``.
    """
    if steps < 1:
        raise ValueError(f"steps must be at least 1; got {steps}")
    w, h = _leaves(weights, hyper)
    rate = member_rate(rate, w)
    with torch.enable_grad():
        for _ in range(steps):
            (slope,) = torch.autograd.grad(_sum(problem.inner, w, h, "inner"), w, create_graph=True)
            w = w - rate * slope
        (found,) = torch.autograd.grad(_sum(problem.outer, w, h, "outer"), h, materialize_grads=True)
    return found, w.detach()


def member_rate(rate: float | Tensor, weights: Tensor) -> Tensor:
    """A number, or one per member, in the form that multiplies weights."""
    rate = torch.as_tensor(rate, dtype=weights.dtype, device=weights.device)
    if rate.ndim and rate.shape != weights.shape[:-1]:
        raise ValueError(f"rate must be a number or {list(weights.shape[:-1])}; got {list(rate.shape)}")
    return rate[..., None] if rate.ndim else rate


def _leaves(weights: Tensor, hyper: Tensor) -> tuple[Tensor, Tensor]:
    if weights.ndim not in (1, 2) or hyper.shape[:-1] != weights.shape[:-1] or hyper.ndim != weights.ndim:
        raise ValueError(
            f"weights and hyper must be [P] and [H], or [K, P] and [K, H]; "
            f"got {list(weights.shape)} and {list(hyper.shape)}"
        )
    return weights.detach().clone().requires_grad_(), hyper.detach().clone().requires_grad_()


def _sum(loss: Callable[[Tensor, Tensor], Tensor], w: Tensor, h: Tensor, name: str) -> Tensor:
    losses = loss(w, h)
    if losses.shape != w.shape[:-1]:
        raise ValueError(
            f"the {name} loss must be {list(w.shape[:-1])}, one number per member; got {list(losses.shape)}"
        )
    return losses.sum()
