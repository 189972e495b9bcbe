"""Gradient descent that keeps each member's steps short."""

from __future__ import annotations

import torch


class ClippedSGD(torch.optim.SGD):
    """SGD for an ensemble, with the gradient of each member shortened to a given length where it is longer.

    Clipping by the norm over all parameters (Pascanu, Mikolov and Bengio 2013, algorithm 1), for each member by
    itself: no member's step depends on the others.

    Args:
        parameters: ``[K, ...]`` each, as of an ``MLP`` or ``Ensemble``.
        length: the largest length of a gradient, in units of loss over parameter.
        options: as for ``torch.optim.SGD``.

    Raises:
        ValueError: a length that is not positive, or parameters with different numbers of members.
    """

    def __init__(self, parameters, *, length: float, **options):
        if not length > 0:
            raise ValueError(f"length must be positive; got {length}")
        super().__init__(parameters, **options)
        self.length = length
        members = {len(p) if p.ndim else 0 for group in self.param_groups for p in group["params"]}
        if len(members) != 1 or 0 in members:
            raise ValueError(f"parameters must be [K, ...] with one K; got {sorted(members)}")

    @torch.no_grad()
    def step(self, closure=None):
        grads = [p.grad for group in self.param_groups for p in group["params"] if p.grad is not None]
        norms = sum(g.flatten(1).square().sum(dim=1) for g in grads).sqrt()
        factor = (self.length / norms.clamp(min=torch.finfo(norms.dtype).tiny)).clamp(max=1)
        for g in grads:
            g.mul_(factor.view(-1, *[1] * (g.ndim - 1)))
        return super().step(closure)
