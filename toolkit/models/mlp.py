"""K multilayer perceptrons side by side, computed by batched matrix products."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from toolkit.data.stack import member_generators
from toolkit.models.activations import activation_named

INITS = ("glorot_normal", "he_normal", "lecun_normal", "ntk")


class MLP(nn.Module):
    """K fully connected networks of the same shape, one per seed.

    Weights are ``[K, in, out]``, biases ``[K, 1, out]``. Member k is drawn from its own generator, seeded
    with ``seeds[k]`` on the CPU, so it does not depend on the other members or on the device.

    Args:
        sizes: units of each layer, input first: ``[784, 100, 10]``.
        seeds: one per member.
        activation: ``relu``, ``gelu``, ``tanh``, ``erf`` or ``linear``, between layers.
        init: ``glorot_normal`` (variance 2 / (in + out), Glorot and Bengio 2010, eq. 16 with a normal law),
            ``he_normal`` (2 / in, He et al. 2015), ``lecun_normal`` (1 / in), or ``ntk``: all parameters
            standard normal, and the layer computes ``weight_scale / sqrt(in) h W + bias_scale b``
            (Jacot et al. 2018, section 2). Biases start at zero except under ``ntk``.
        weight_scale: multiplies every weight matrix at initialization (under ``ntk``, in the layer
            itself); a number, or ``[K]`` for one per member.
        bias_scale: the factor of the bias under ``ntk``.
        device, dtype: where and in which precision the parameters live.

    Raises:
        ValueError: fewer than two sizes, no seed, or an unknown activation or init.
    """

    def __init__(
        self,
        sizes: Sequence[int],
        seeds: Sequence[int],
        *,
        activation: str = "relu",
        init: str = "glorot_normal",
        weight_scale: float | Tensor = 1.0,
        bias_scale: float = 0.1,
        device: torch.device | str = "cpu",
        dtype: torch.dtype = torch.float32,
    ):
        super().__init__()
        if len(sizes) < 2 or min(sizes) < 1:
            raise ValueError(f"sizes must name at least input and output, all positive; got {list(sizes)}")
        generators = member_generators(seeds)
        self.activation = activation_named(activation)
        if init not in INITS:
            raise ValueError(f"init must be one of {', '.join(INITS)}; got {init!r}")
        scale = torch.as_tensor(weight_scale, dtype=dtype, device=device)
        if scale.ndim > 1 or (scale.ndim == 1 and len(scale) != len(seeds)):
            raise ValueError(f"weight_scale must be a number or [{len(seeds)}]; got {list(scale.shape)}")
        self.sizes, self.members, self.init = tuple(sizes), len(seeds), init
        self.bias_scale = bias_scale if init == "ntk" else 1.0
        self.register_buffer("weight_scale", scale.reshape(-1, 1, 1))
        weights, biases = self._draw(generators, dtype)
        if init != "ntk":
            weights = [w.to(device) * self.weight_scale for w in weights]
        self.weights = nn.ParameterList(w.to(device) for w in weights)
        self.biases = nn.ParameterList(b.to(device) for b in biases)

    def _draw(self, generators, dtype) -> tuple[list[Tensor], list[Tensor]]:
        weights, biases = [], []
        for fan_in, fan_out in zip(self.sizes, self.sizes[1:]):
            std = {
                "glorot_normal": math.sqrt(2 / (fan_in + fan_out)),
                "he_normal": math.sqrt(2 / fan_in),
                "lecun_normal": math.sqrt(1 / fan_in),
                "ntk": 1.0,
            }[self.init]
            weight = torch.empty(self.members, fan_in, fan_out, dtype=dtype)
            bias = torch.zeros(self.members, 1, fan_out, dtype=dtype)
            for k, generator in enumerate(generators):
                weight[k].normal_(0, std, generator=generator)
                if self.init == "ntk":
                    bias[k].normal_(generator=generator)
            weights.append(weight)
            biases.append(bias)
        return weights, biases

    def factor(self, layer: int) -> Tensor | float:
        """What multiplies ``h W`` in this layer: ``weight_scale / sqrt(in)`` under ``ntk``, else 1."""
        return self.weight_scale / math.sqrt(self.sizes[layer]) if self.init == "ntk" else 1.0

    def preactivations(self, x: Tensor) -> list[Tensor]:
        """Outputs of every layer before its activation, ``[K, B, units]`` each; the last is the network's.

        Args:
            x: ``[B, in]``, the same for all members, or ``[K, B, in]``.
        """
        h = x.expand(self.members, *x.shape) if x.ndim == 2 else x
        outputs = []
        for layer, (weight, bias) in enumerate(zip(self.weights, self.biases)):
            if layer:
                h = self.activation(h)
            if self.init == "ntk":
                h = torch.baddbmm(self.bias_scale * bias, h * self.factor(layer), weight)
            else:
                h = torch.baddbmm(bias, h, weight)
            outputs.append(h)
        return outputs

    def forward(self, x: Tensor) -> Tensor:
        """``[B, in]`` or ``[K, B, in]`` -> ``[K, B, out]``."""
        return self.preactivations(x)[-1]
