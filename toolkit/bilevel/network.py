"""Members of an ensemble as one function of all their flat vectors."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor
from torch.func import vmap

from toolkit.curvature import flatten
from toolkit.models import MLP, Ensemble


def flat_ensemble(model: MLP | Ensemble) -> tuple[Tensor, Callable[[Tensor, Tensor], Tensor]]:
    """The parameters of K members as ``[K, P]``, and the ensemble as a function of such vectors.

    Args:
        model: an ``MLP`` or an ``Ensemble``.

    Returns:
        ``(vectors, network)``: a detached copy, parameters in the order of ``model.parameters()``, and
        ``network(vectors, x)``, ``[L, P]`` and ``[L, B, ...]`` -> ``[L, B, out]``; L may be any number of networks.

    Raises:
        ValueError: another kind of model; members that differ in their buffers or in ``weight_scale``.
    """
    if not isinstance(model, MLP | Ensemble):
        raise ValueError(f"model must be an MLP or an Ensemble; got {type(model).__name__}")
    vectors, one = flatten(model)
    return vectors, vmap(one, randomness="different")
