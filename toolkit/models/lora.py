"""Low-rank adapters: a frozen matrix plus a trainable product of two thin ones, for one network or K of them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from toolkit.data.stack import member_generators
from toolkit.models.ensemble import Ensemble
from toolkit.models.mlp import MLP


@dataclass(frozen=True)
class Adapter:
    """The numbers of one adapted layer, or of K: ``x W + scale (x A) B`` (Hu et al. 2022, eq. 3), for row vectors x.

    Attributes:
        weight: the frozen W, ``[in, out]`` or ``[K, in, out]``.
        down: A, ``[in, r]`` or ``[K, in, r]`` (the paper's A, transposed).
        up: B, ``[r, out]`` or ``[K, r, out]``.
        scale: the factor of the low-rank term (alpha / r in the paper).
    """

    weight: Tensor
    down: nn.Parameter
    up: nn.Parameter
    scale: float = 1.0

    @property
    def rank(self) -> int:
        """r, the largest rank that the update can have."""
        return self.down.shape[-1]

    def update(self) -> Tensor:
        """What the adapter adds to W: ``scale A B``, ``[in, out]`` or ``[K, in, out]``."""
        return self.scale * (self.down @ self.up)

    @torch.no_grad()
    def merge(self) -> None:
        """Adds the update to W and sets B to zero. The layer computes what it computed before."""
        self.weight.add_(self.update())
        self.up.zero_()

    @torch.no_grad()
    def reinitialize(self, generators: torch.Generator | Sequence[torch.Generator]) -> None:
        """Draws A anew, uniformly within 1 / sqrt(in), and sets B to zero; an update that is not merged is lost.

        That is how torch draws a dense layer (Kaiming, uniform, a = sqrt 5).

        Args:
            generators: on the CPU; one for each member, so that a member does not depend on the others, or a single
                one where there is no axis of members.

        Raises:
            ValueError: generators that are not one per member.
        """
        single = isinstance(generators, torch.Generator)
        if single != (self.down.ndim == 2) or (not single and len(generators) != len(self.down)):
            wanted = "a single one" if self.down.ndim == 2 else f"{len(self.down)}, one per member"
            raise ValueError(f"generators must be {wanted}")
        shape, bound = self.down.shape[-2:], 1 / math.sqrt(self.down.shape[-2])
        drawn = [
            torch.empty(shape, dtype=self.down.dtype).uniform_(-bound, bound, generator=generator)
            for generator in ([generators] if single else generators)
        ]
        self.down.copy_(drawn[0] if single else torch.stack(drawn))
        self.up.zero_()


class LowRankLinear(nn.Module):
    """A dense layer that learns by an adapter only: ``x W + b + scale (x A) B``, with frozen W.

    A starts random, B at zero, so that a new adapter changes nothing. The bias goes on learning. The dense product
    A B is never formed, and no gradient of W is computed.

    Args:
        weight: W, ``[in, out]`` or ``[K, in, out]``; copied.
        bias: b, ``[out]`` or ``[K, 1, out]``, copied; or None.
        rank: r, at least 1.
        generators, scale: see ``Adapter``.

    Raises:
        ValueError: a weight of another shape, a rank that does not fit, generators that are not one per member.
    """

    def __init__(
        self,
        weight: Tensor,
        bias: Tensor | None,
        rank: int,
        *,
        generators: torch.Generator | Sequence[torch.Generator],
        scale: float = 1.0,
    ):
        super().__init__()
        if weight.ndim not in (2, 3):
            raise ValueError(f"weight must be [in, out] or [K, in, out]; got {list(weight.shape)}")
        *members, fan_in, fan_out = weight.shape
        if not 1 <= rank <= min(fan_in, fan_out):
            raise ValueError(f"rank must be between 1 and {min(fan_in, fan_out)}; got {rank}")
        self.scale = scale
        self.register_buffer("weight", weight.detach().clone())
        self.bias = None if bias is None else nn.Parameter(bias.detach().clone())
        self.down = nn.Parameter(weight.new_empty(*members, fan_in, rank))
        self.up = nn.Parameter(weight.new_zeros(*members, rank, fan_out))
        self.adapter().reinitialize(generators)

    def adapter(self) -> Adapter:
        """Its numbers, to be merged or drawn anew."""
        return Adapter(self.weight, self.down, self.up, self.scale)

    def forward(self, x: Tensor) -> Tensor:
        """``[..., B, in]`` -> ``[..., B, out]``."""
        y = x @ self.weight + self.scale * ((x @ self.down) @ self.up)
        return y if self.bias is None else y + self.bias


class LowRankMLP(nn.Module):
    """An MLP ensemble in which some layers learn by adapters; it starts as a copy of ``net`` and computes the same.

    Args:
        net: the ensemble to start from, in any parametrization but ``ntk``.
        layers: which of its weight matrices get an adapter, counted from 0 at the input. The others, and all biases,
            go on learning as before.
        rank: r.
        seeds: one per member, for the adapters.
        scale: see ``Adapter``.

    Raises:
        ValueError: layers that it has not, seeds that are not one per member, an ``ntk`` network, a rank that does
            not fit.
    """

    def __init__(self, net: MLP, layers: Iterable[int], rank: int, *, seeds: Sequence[int], scale: float = 1.0):
        super().__init__()
        chosen = set(layers)
        if not chosen or not chosen <= set(range(len(net.weights))):
            raise ValueError(f"layers must name some of 0 to {len(net.weights) - 1}; got {sorted(chosen)}")
        if len(seeds) != net.members:
            raise ValueError(f"seeds must be one per member, {net.members}; got {len(seeds)}")
        if net.init == "ntk":
            raise ValueError("a network in the ntk parametrization cannot be adapted")
        generators = member_generators(seeds)
        self.members, self.activation = net.members, net.activation
        self.layers = nn.ModuleList(
            LowRankLinear(weight, bias, rank, generators=generators, scale=scale)
            if layer in chosen
            else _Dense(weight, bias)
            for layer, (weight, bias) in enumerate(zip(net.weights, net.biases))
        )

    def forward(self, x: Tensor) -> Tensor:
        """``[B, in]`` or ``[K, B, in]`` -> ``[K, B, out]``."""
        h = x.expand(self.members, *x.shape) if x.ndim == 2 else x
        for index, layer in enumerate(self.layers):
            h = layer(self.activation(h) if index else h)
        return h


class _Dense(nn.Module):
    def __init__(self, weight: Tensor, bias: Tensor):
        super().__init__()
        self.weight, self.bias = nn.Parameter(weight.detach().clone()), nn.Parameter(bias.detach().clone())

    def forward(self, x: Tensor) -> Tensor:
        return torch.baddbmm(self.bias, x, self.weight)


def low_rank_ensemble(
    ensemble: Ensemble, names: Sequence[str], rank: int, *, seeds: Sequence[int], scale: float = 1.0
) -> Ensemble:
    """A copy of an ensemble of any networks in which some ``torch.nn.Linear`` layers learn by adapters.

    Args:
        ensemble: where to start; left as it is.
        names: endings of the names of the layers that get an adapter: ``["expand", "contract"]``.
        rank: r.
        seeds: one per member, for the adapters.
        scale: see ``Adapter``.

    Raises:
        ValueError: seeds that are not one per member, a name that fits no dense layer, a rank that does not fit.
    """
    if len(seeds) != ensemble.members:
        raise ValueError(f"seeds must be one per member, {ensemble.members}; got {len(seeds)}")
    linear = [name for name, module in ensemble.template.named_modules() if isinstance(module, nn.Linear)]
    for name in names:
        if not any(full.split(".")[-1] == name for full in linear):
            raise ValueError(f"no dense layer is called {name!r}; there are {', '.join(linear)}")
    chosen = [full for full in linear if full.split(".")[-1] in names]

    def adapted(k: int) -> nn.Module:
        network = ensemble.alone(k)
        generator = torch.Generator().manual_seed(int(seeds[k]))
        for full in chosen:
            old = network.get_submodule(full)
            new = LowRankLinear(old.weight.T, old.bias, rank, generators=generator, scale=scale)
            parent, _, last = full.rpartition(".")
            setattr(network.get_submodule(parent), last, new)
        return network

    networks = iter([adapted(k) for k in range(ensemble.members)])
    return Ensemble(lambda: next(networks), seeds, method=ensemble.method)


def adapters(model: nn.Module) -> list[Adapter]:
    """All adapters of a network, an MLP ensemble or an ensemble of any networks, in the order of its layers.

    They share the model's memory: to merge one changes the model.
    """
    if not isinstance(model, Ensemble):
        return [module.adapter() for module in model.modules() if isinstance(module, LowRankLinear)]
    state = model.named_members() | model.named_member_buffers()
    return [
        Adapter(state[f"{name}.weight"], state[f"{name}.down"], state[f"{name}.up"], module.scale)
        for name, module in model.template.named_modules()
        if isinstance(module, LowRankLinear)
    ]
