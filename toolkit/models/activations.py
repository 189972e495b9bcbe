"""Activation functions by name."""

from __future__ import annotations

from collections.abc import Callable, Collection

import torch
from torch import Tensor, nn

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "relu": torch.relu,
    "gelu": nn.functional.gelu,  # x Phi(x), smooth everywhere (Hendrycks and Gimpel 2016)
    "tanh": torch.tanh,
    "erf": torch.erf,
    "linear": lambda x: x,
}


def activation_named(name: str, names: Collection[str] = ACTIVATIONS) -> Callable[[Tensor], Tensor]:
    """The function with this name.

    Args:
        name: of an activation.
        names: those that the caller allows, all by default.

    Raises:
        ValueError: another name.
    """
    if name not in names:
        raise ValueError(f"activation must be one of {', '.join(names)}; got {name!r}")
    return ACTIVATIONS[name]
