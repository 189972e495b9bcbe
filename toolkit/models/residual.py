"""A small residual network, for ``Ensemble``."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from toolkit.models.activations import activation_named

ACTIVATIONS = ("gelu", "relu")


class Residual(nn.Module):
    """Two 3 x 3 convolutions beside a shortcut (He et al. 2016, figure 2), without normalization.

    The shortcut is a 1 x 1 convolution where channels or sides change, else the identity. The second convolution
    starts at zero, so that the block begins as its shortcut; without this, or normalization, sums of many blocks grow.

    Args:
        channels, maps: of the block's input and output.
        stride: 2 halves the sides.
        activation: ``gelu`` or ``relu``.
    """

    def __init__(self, channels: int, maps: int, *, stride: int = 1, activation: str = "relu"):
        super().__init__()
        self.activation = activation_named(activation, ACTIVATIONS)
        self.first = nn.Conv2d(channels, maps, 3, stride, padding=1)
        self.second = nn.Conv2d(maps, maps, 3, padding=1)
        nn.init.zeros_(self.second.weight)
        nn.init.zeros_(self.second.bias)
        same = channels == maps and stride == 1
        self.shortcut = nn.Identity() if same else nn.Conv2d(channels, maps, 1, stride, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """``[B, channels, height, width]`` -> ``[B, maps, height / stride, width / stride]``."""
        inner = self.second(self.activation(self.first(x)))
        return self.activation(self.shortcut(x) + inner)


class ResNet8(nn.Module):
    """Eight layers in depth: a convolution, three residual blocks, a mean over places, a linear layer.

    The family is that of He et al. (2016, section 4.2) with one block for each size of map, without normalization,
    so that an ``Ensemble`` can hold it. The blocks have 1, 2 and 4 times as many channels as the first convolution;
    the second and the third halve the sides.

    Args:
        channels: of an image.
        width: maps of the first convolution; 16 in the paper.
        classes: outputs.
        activation: ``gelu`` or ``relu``.

    Raises:
        ValueError: a size below 1, an unknown activation.
    """

    def __init__(self, channels: int = 3, width: int = 16, classes: int = 10, *, activation: str = "relu"):
        super().__init__()
        if min(channels, width, classes) < 1:
            raise ValueError(f"channels, width and classes must be positive; got {channels}, {width}, {classes}")
        self.activation = activation_named(activation, ACTIVATIONS)
        self.first = nn.Conv2d(channels, width, 3, padding=1)
        self.blocks = nn.ModuleList(
            [
                Residual(width, width, activation=activation),
                Residual(width, 2 * width, stride=2, activation=activation),
                Residual(2 * width, 4 * width, stride=2, activation=activation),
            ]
        )
        self.last = nn.Linear(4 * width, classes)

    def forward(self, x: Tensor) -> Tensor:
        """``[B, channels, height, width]`` -> ``[B, classes]``."""
        h = self.activation(self.first(x))
        for block in self.blocks:
            h = block(h)
        return self.last(torch.mean(h, dim=(-2, -1)))
