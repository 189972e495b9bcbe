"""Members of an ensemble as one function of all their flat vectors."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor
from torch.func import functional_call, vmap

from toolkit.curvature import flatten
from toolkit.models import MLP, Ensemble


def flat_ensemble(model: MLP | Ensemble) -> tuple[Tensor, Callable[[Tensor, Tensor], Tensor]]:
    """The parameters of K members as ``[K, P]``, and the ensemble as a function of such vectors.

    Args:
        model: an ``MLP``, computed by batched matrix products, or an ``Ensemble``, computed by ``vmap``.

    Returns:
        ``(vectors, network)``: a detached copy, parameters in the order of ``model.parameters()``, and
        ``network(vectors, x)``, ``[L, P]`` and ``[L, B, ...]`` -> ``[L, B, out]``; L may be any number of networks.

    Raises:
        ValueError: another kind of model; members that differ in their buffers or in ``weight_scale``.
    """
    if isinstance(model, Ensemble):
        vectors, one = flatten(model)
        return vectors, vmap(one, randomness="different")
    if not isinstance(model, MLP):
        raise ValueError(f"model must be an MLP or an Ensemble; got {type(model).__name__}")
    vectors, _ = flatten(model)
    names = [name for name, _ in model.named_parameters()]
    shapes = [p.shape[1:] for p in model.parameters()]
    sizes = [shape.numel() for shape in shapes]
    scale = {"weight_scale": model.weight_scale[:1].clone()}

    def network(vectors: Tensor, x: Tensor) -> Tensor:
        parts = (part.reshape(-1, *shape) for part, shape in zip(vectors.split(sizes, dim=-1), shapes))
        return functional_call(model, dict(zip(names, parts)) | scale, (x,))

    return vectors, network
