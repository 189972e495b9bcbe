"""Searching for a good subnetwork of a network whose weights never change."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from toolkit.data.stack import member_generators
from toolkit.models.activations import activation_named
from toolkit.pruning.masks import keep_largest


class _TopShare(torch.autograd.Function):
    """The mask of the largest scores; backward as if it were the scores themselves (straight-through)."""

    @staticmethod
    def forward(ctx, scores: Tensor, share: float) -> Tensor:
        return keep_largest([scores], share)[0]

    @staticmethod
    def backward(ctx, gradient: Tensor):
        return gradient, None


class EdgePopup(nn.Module):
    """K multilayer perceptrons with frozen weights, each weight with a score that is trained instead.

    In every layer the share of weights with the largest scores takes part, the others count as zero. Training
    changes the scores only; gradients pass the choice as if it were the identity (Ramanujan et al. 2020,
    arXiv:1911.13299, section 3). There are no biases. Members' weights and scores depend on their seeds alone.

    Args:
        sizes: units of each layer, input first.
        seeds: one per member.
        share: of each layer's weights that takes part, above 0 and at most 1.
        activation: as for ``MLP``.
        init: ``signed_constant`` (``+-sqrt(2 / (in share))``, their best choice) or ``he_normal`` with that
            standard deviation.
        device: where it computes.

    Raises:
        ValueError: fewer than two sizes, no seed, or a share, activation or init that is not allowed.
    """

    def __init__(
        self,
        sizes: Sequence[int],
        seeds: Sequence[int],
        *,
        share: float,
        activation: str = "relu",
        init: str = "signed_constant",
        device: torch.device | str = "cpu",
    ):
        super().__init__()
        if len(sizes) < 2 or min(sizes) < 1:
            raise ValueError(f"sizes must name at least input and output, all positive; got {list(sizes)}")
        generators = member_generators(seeds)
        if not 0 < share <= 1:
            raise ValueError(f"share must be above 0 and at most 1; got {share}")
        self.activation = activation_named(activation)
        if init not in ("signed_constant", "he_normal"):
            raise ValueError(f"init must be signed_constant or he_normal; got {init!r}")
        self.members, self.share = len(seeds), share
        self.scores = nn.ParameterList()
        for layer, (fan_in, fan_out) in enumerate(zip(sizes, sizes[1:])):
            drawn = torch.stack([torch.randn(fan_in, fan_out, generator=g) for g in generators])
            drawn = drawn.sign() if init == "signed_constant" else drawn
            scores = torch.stack([torch.rand(fan_in, fan_out, generator=g) for g in generators])
            self.register_buffer(f"weight_{layer}", (drawn * math.sqrt(2 / (fan_in * share))).to(device))
            self.scores.append(((2 * scores - 1) / math.sqrt(fan_in)).to(device))

    @property
    def weights(self) -> list[Tensor]:
        """The frozen weights, ``[K, in, out]`` per layer."""
        return [getattr(self, f"weight_{layer}") for layer in range(len(self.scores))]

    def masks(self) -> list[Tensor]:
        """The masks that the scores stand for now, ``[K, in, out]`` per layer."""
        return keep_largest([s.detach() for s in self.scores], self.share)

    def forward(self, x: Tensor) -> Tensor:
        """``[B, in]`` or ``[K, B, in]`` -> ``[K, B, out]``."""
        h = x.expand(self.members, *x.shape) if x.ndim == 2 else x
        for layer, (weight, scores) in enumerate(zip(self.weights, self.scores)):
            h = self.activation(h) if layer else h
            h = h @ (weight * _TopShare.apply(scores, self.share))
        return h
