"""A network as a function of one flat vector."""

from __future__ import annotations

import copy
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.func import functional_call

from toolkit.models import MLP, Ensemble


def flatten(model: nn.Module) -> tuple[Tensor, Callable[[Tensor, Tensor], Tensor]]:
    """The parameters of a network as a flat vector, and the network as a function of such a vector.

    Args:
        model: an ``MLP`` or ``Ensemble`` of K members, or any other module, taken as one network.

    Returns:
        ``(vectors, network)``. ``vectors`` is ``[K, P]``, or ``[P]`` for a plain module: a detached copy, with the
        parameters in the order of ``model.parameters()``. ``network(vector, x)`` takes the ``[P]`` of one network and
        one batch, ``[B, ...] -> [B, out]``; ``torch.func.vmap`` makes it a function of ``[K, P]``.

    Raises:
        ValueError: members that differ in more than their parameters (``weight_scale`` per member under the
            initialization ``ntk``, or buffers that differ).
    """
    parameters = [p.detach() for p in model.parameters()]
    members = isinstance(model, MLP | Ensemble)
    if isinstance(model, Ensemble):
        names = list(model.named_members())
        template = model.template
        buffers = {name: _common(buffer) for name, buffer in model.named_member_buffers().items()}
        shapes = [p.shape[1:] for p in parameters]
    else:
        names = [name for name, _ in model.named_parameters()]
        buffers = {name: buffer.detach().clone() for name, buffer in model.named_buffers()}
        template = copy.deepcopy(model).to("meta")
        shapes = [p.shape for p in parameters]
        if members:
            template.members = 1
            # outside of ntk the scale has already gone into the weights
            buffers["weight_scale"] = _common(buffers["weight_scale"])[None] if model.init == "ntk" else torch.ones(1)
            shapes = [(1, *p.shape[1:]) for p in parameters]
    sizes = [torch.Size(shape).numel() for shape in shapes]

    def network(vector: Tensor, x: Tensor) -> Tensor:
        parts = (part.view(shape) for part, shape in zip(vector.split(sizes), shapes))
        outputs = functional_call(template, dict(zip(names, parts)) | buffers, (x,))
        return outputs[0] if isinstance(model, MLP) else outputs

    start = 1 if members else 0
    return torch.cat([p.flatten(start) for p in parameters], dim=-1), network


def _common(buffer: Tensor) -> Tensor:
    """What all members share of a stacked buffer."""
    if (buffer != buffer[:1]).any():
        raise ValueError("the members differ in a buffer or in weight_scale; flatten them one at a time")
    return buffer[0].detach().clone()
