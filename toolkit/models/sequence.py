"""K networks of state space layers for sequences, computed side by side."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import gelu, layer_norm

from toolkit.data.stack import member_generators
from toolkit.models.state_space import causal_convolution


class StateSpaceNetwork(nn.Module):
    """Layers that convolve each channel with the kernel of its own state space model, one network per seed.

    The first layer reads one signal in all channels. Each later one mixes the channels of the one before, normalizes
    them at every moment, convolves and adds. GELU follows each convolution, and a linear readout the last.

    Trained are the diagonal entries A (as the log of the decay and the frequency, so that decays stay positive), C, the
    steps, the mixing, the readout and what ``extra`` holds. C has variance 1, mixing and readout 1/channels at first.
    Member k is drawn from its own generator, seeded with ``seeds[k]`` on the CPU.

    Args:
        kernel: ``kernel(A, B, C, dt, length, *extra)`` -> ``[K, layers, channels, length]``, with A and C of shape
            ``[K, layers, channels, states]``, B of a shape that broadcasts to it, and dt ``[K, layers, channels]``.
        entries: ``[K, layers, channels, states]``, complex, with negative real parts; A at the start.
        seeds: one per member.
        b: ``[K, states]``, complex, not trained; ones by default.
        extra: further trained tensors ``[K, ...]`` for the kernel.
        outputs: numbers read out at every moment.
        steps: dt of the first and of the last channel at the start; those between are spread evenly in the log.

    Raises:
        ValueError: entries of the wrong shape or with a real part that is not negative, or steps not positive.

    Source: Gu, Gupta, Goel and Ré (2022), arXiv 2206.11893, section 3, without dropout and gates.
    """

    def __init__(
        self,
        kernel: Callable[..., Tensor],
        entries: Tensor,
        seeds: Sequence[int],
        *,
        b: Tensor | None = None,
        extra: Sequence[Tensor] = (),
        outputs: int = 1,
        steps: tuple[float, float] = (1e-3, 1e-1),
    ):
        super().__init__()
        if entries.ndim != 4 or len(entries) != len(seeds) or not entries.is_complex():
            raise ValueError(
                f"entries must be complex [{len(seeds)}, layers, channels, states]; got {list(entries.shape)}"
            )
        if not (entries.real < 0).all():
            raise ValueError("entries must have negative real parts, or the state grows without bound")
        if min(steps) <= 0:
            raise ValueError(f"steps must be positive; got {steps}")
        members, layers, channels, states = entries.shape
        device = entries.device
        generators = member_generators(seeds)

        def normal(*shape: int, variance: float = 1.0) -> nn.Parameter:
            drawn = torch.stack([torch.randn(shape, generator=g) for g in generators])
            return nn.Parameter((variance**0.5 * drawn).to(device))

        self.members, self.kernel = members, kernel
        self.log_decay = nn.Parameter((-entries.real).log())
        self.frequency = nn.Parameter(entries.imag.clone())
        self.c = normal(layers, channels, states, 2, variance=0.5)
        low, high = (math.log(step) for step in steps)
        log_dt = torch.linspace(low, high, channels, device=device).expand(members, layers, channels)
        self.log_dt = nn.Parameter(log_dt.clone())
        self.mix = normal(layers - 1, channels, channels, variance=1 / channels)
        self.readout = normal(channels, outputs, variance=1 / channels)
        b = torch.ones(members, states, dtype=entries.dtype, device=device) if b is None else b
        self.register_buffer("b", b[:, None, None])
        self.extra = nn.ParameterList(tensor.clone() for tensor in extra)

    def kernels(self, length: int) -> Tensor:
        """Kernels of all layers and channels, ``[K, layers, channels, length]``."""
        a = torch.complex(-self.log_decay.exp(), self.frequency)
        return self.kernel(a, self.b, torch.view_as_complex(self.c), self.log_dt.exp(), length, *self.extra)

    def forward(self, u: Tensor) -> Tensor:
        """Signals ``[K, batch, length]`` -> outputs ``[K, batch, length, outputs]``."""
        kernels = self.kernels(u.shape[-1])
        y = gelu(causal_convolution(u[:, :, None], kernels[:, None, 0]))  # [K, batch, channels, length]
        for layer in range(1, kernels.shape[1]):
            mixed = (self.mix[:, None, layer - 1].mT @ y).mT
            x = layer_norm(mixed, mixed.shape[-1:]).mT
            y = y + gelu(causal_convolution(x, kernels[:, None, layer]))
        return (self.readout.mT[:, None] @ y).mT
