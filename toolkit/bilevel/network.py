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
        ``network(vectors, x)``, ``[K, P]`` and ``[K, B, ...]`` -> ``[K, B, out]``.

    Raises:
        ValueError: another kind of model; or, for an ``Ensemble``, members that differ in their buffers.
    """
    if isinstance(model, Ensemble):
        vectors, one = flatten(model)
        return vectors, vmap(one, randomness="different")
    if not isinstance(model, MLP):
        raise ValueError(f"model must be an MLP or an Ensemble; got {type(model).__name__}")
    names = [name for name, _ in model.named_parameters()]
    shapes = [p.shape for p in model.parameters()]
    sizes = [shape[1:].numel() for shape in shapes]
    vectors = flatten(model)[0]

    def network(vectors: Tensor, x: Tensor) -> Tensor:
        parts = (part.reshape(shape) for part, shape in zip(vectors.split(sizes, dim=-1), shapes))
        return functional_call(model, dict(zip(names, parts)), (x,))

    return vectors, network
