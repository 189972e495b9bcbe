"""K graph convolutional networks side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import dropout

from toolkit.models.activations import activation_named
from toolkit.models.mlp import MLP


class GCN(nn.Module):
    """K graph convolutional networks of the same shape, one per seed (Kipf and Welling 2017, eq. 2).

    A layer computes ``activation(S H W + b)``; the last has no activation. Weights are drawn as for ``MLP`` with
    Glorot's normal law, so that a GCN and an MLP of the same seed begin with the same numbers.

    Args:
        sizes: features of each layer, input first: ``[1433, 64, 7]``.
        seeds: one per member.
        spread: ``features [K, n, d] -> [K, n, d]``, the product with S, for instance
            ``partial(propagate, normalized_adjacency(graph))`` of ``toolkit.graphs``. It may be replaced later.
        activation: as for ``MLP``, between layers.
        drop: share of features set to zero before each layer while training; between 0 and 1.
        device: where the parameters live.

    Raises:
        ValueError: as ``MLP``, or ``drop`` outside its range.
    """

    def __init__(
        self,
        sizes: Sequence[int],
        seeds: Sequence[int],
        spread: Callable[[Tensor], Tensor],
        *,
        activation: str = "relu",
        drop: float = 0.0,
        device: torch.device | str = "cpu",
    ):
        super().__init__()
        if not 0 <= drop < 1:
            raise ValueError(f"drop must be at least 0 and below 1; got {drop}")
        self.spread, self.drop, self.members = spread, drop, len(seeds)
        self.activation = activation_named(activation)
        drawn = MLP(sizes, seeds, activation=activation, device=device)
        self.weights, self.biases = drawn.weights, drawn.biases

    def layers(self, x: Tensor) -> list[Tensor]:
        """What each layer gives before its activation, ``[K, n, units]`` each; the last is the network's output.

        Args:
            x: features ``[n, d]``, the same for all members, or ``[K, n, d]``.
        """
        h = x.expand(self.members, *x.shape) if x.ndim == 2 else x
        outputs = []
        for layer, (weight, bias) in enumerate(zip(self.weights, self.biases)):
            if layer:
                h = self.activation(h)
            h = dropout(h, self.drop, self.training)
            narrow = weight.shape[-1] <= weight.shape[-2]  # the product with S is cheaper on fewer columns
            h = (self.spread(h @ weight) if narrow else self.spread(h) @ weight) + bias
            outputs.append(h)
        return outputs

    def forward(self, x: Tensor) -> Tensor:
        """``[n, d]`` or ``[K, n, d]`` -> ``[K, n, out]``."""
        return self.layers(x)[-1]
