"""K copies of any module, trained as one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy

import torch
from torch import Tensor, nn
from torch.func import functional_call, stack_module_state, vmap


class Ensemble(nn.Module):
    """K networks of any architecture with stacked parameters ``[K, ...]``, one per seed.

    Args:
        build: makes one network; called once per seed with the global generator seeded to it.
        seeds: one per member.
        method: ``"vmap"`` computes all members in one call, the faster way also for small convolutional
            networks (see the benchmark table); ``"loop"`` takes one after the other.

    Raises:
        ValueError: no seed, an unknown method, or a network with running statistics (batch
            normalization that tracks them), which members cannot share.
    """

    def __init__(self, build: Callable[[], nn.Module], seeds: Sequence[int], *, method: str = "vmap"):
        super().__init__()
        if len(seeds) == 0:
            raise ValueError("seeds must name at least one member")
        if method not in ("vmap", "loop"):
            raise ValueError(f"method must be 'vmap' or 'loop'; got {method!r}")
        networks = [_seeded(build, seed) for seed in seeds]
        for module in networks[0].modules():
            if getattr(module, "track_running_stats", False):
                raise ValueError("batch normalization must have track_running_stats=False in an ensemble")
        parameters, buffers = stack_module_state(networks)
        self.members = len(seeds)
        self.method = method
        self._names = list(parameters)
        self.stacked = nn.ParameterList(parameters.values())
        self._buffer_names = list(buffers)
        for index, buffer in enumerate(buffers.values()):
            self.register_buffer(f"_buffer_{index}", buffer)
        # kept in a tuple so that the template's own parameters are not registered as ours
        self._template = (networks[0].to("meta"),)

    def named_members(self) -> dict[str, Tensor]:
        """Stacked parameters by the name they have in one network."""
        return dict(zip(self._names, self.stacked))

    def member_buffers(self) -> dict[str, Tensor]:
        """Stacked buffers by the name they have in one network."""
        return {name: getattr(self, f"_buffer_{index}") for index, name in enumerate(self._buffer_names)}

    def template(self) -> nn.Module:
        """The architecture of one member, without numbers (on the meta device)."""
        return self._template[0]

    def alone(self, k: int) -> nn.Module:
        """Member k as a network of its own, with copies of its numbers."""
        network = deepcopy(self.template()).to_empty(device=self.stacked[0].device)
        state = self.named_members() | self.member_buffers()
        with torch.no_grad():
            for name, value in [*network.named_parameters(), *network.named_buffers()]:
                value.copy_(state[name][k])
        return network

    def forward(self, x: Tensor) -> Tensor:
        """``[K, B, ...]`` -> ``[K, B, ...]``, member k seeing ``x[k]``.

        Raises:
            ValueError: the first axis of ``x`` is not the members.
        """
        if x.shape[0] != self.members:
            raise ValueError(f"x must be [{self.members}, batch, ...]; got {list(x.shape)}")
        state = self.named_members() | self.member_buffers()
        template = self.template()
        template.train(self.training)
        if self.method == "loop":
            slices = {name: value.unbind() for name, value in state.items()}
            outputs = [
                functional_call(template, {name: values[k] for name, values in slices.items()}, (x[k],))
                for k in range(self.members)
            ]
            return torch.stack(outputs)
        return vmap(lambda s, y: functional_call(template, s, (y,)), randomness="different")(state, x)


def _seeded(build: Callable[[], nn.Module], seed: int) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(seed))
        return build()
