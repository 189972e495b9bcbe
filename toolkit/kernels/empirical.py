"""The tangent kernel of finite networks, exact and without their Jacobian."""

from __future__ import annotations

import torch
from torch import Tensor

from toolkit.models import MLP


@torch.no_grad()
def empirical_ntk(model: MLP, x1: Tensor, x2: Tensor | None = None, *, output: int | None = 0) -> Tensor:
    """The neural tangent kernel of each member, for its parameters as they are now.

    ``sum_p df(x)/dtheta_p df(x')/dtheta_p`` over all weights and biases (Jacot et al. 2018, section 4). A
    layer computes ``z = c h W + beta b``, so its weights contribute ``c^2 (h.h')(s.s')`` and its biases
    ``beta^2 (s.s')``, where ``s = df/dz`` is the sensitivity backpropagated to that layer. Only these
    inner products are formed: memory grows with points times width, never with points times parameters.

    Args:
        model: an MLP of any activation and initialization; all its parameters count as trained.
        x1: ``[n, in]``, the same points for all members, or ``[K, n, in]``.
        x2: ``[m, in]`` or ``[K, m, in]``; None means ``x1``.
        output: which output f is. None gives the kernel between all pairs of outputs.

    Returns:
        ``[K, n, m]``; with ``output=None`` and o outputs, ``[K, n, m, o, o]``. It carries no gradient.

    Raises:
        ValueError: points of another shape than the model takes.
        IndexError: no such output.
    """
    outputs = model.sizes[-1]
    if output is not None and not 0 <= output < outputs:
        raise IndexError(f"output must lie between 0 and {outputs - 1}, or be None; got {output}")
    chosen = slice(None) if output is None else slice(output, output + 1)
    inputs, slopes = zip(*(_activity(model, x) for x in ((x1,) if x2 is None else (x1, x2))))
    start = torch.eye(outputs, device=x1.device, dtype=x1.dtype)[chosen]  # df_a / dz_b at the last layer
    sensitivities = [start.expand(*h[0].shape[:2], *start.shape) for h in inputs]  # [K, n, a, units]
    kernel = 0.0
    for layer in reversed(range(len(model.weights))):
        pair = [h[layer] for h in inputs]
        features = model.factor(layer) ** 2 * (pair[0] @ pair[-1].mT) + model.bias_scale**2
        products = torch.einsum("kiau,kjbu->kijab", sensitivities[0], sensitivities[-1])
        kernel = kernel + features[..., None, None] * products
        if layer:
            back = model.weights[layer].mT
            sensitivities = [
                (s.flatten(1, 2) * model.factor(layer) @ back).unflatten(1, s.shape[1:3])
                * slope[layer - 1].unsqueeze(2)
                for s, slope in zip(sensitivities, slopes)
            ]
    return kernel if output is None else kernel[..., 0, 0]


def _activity(model: MLP, x: Tensor) -> tuple[list[Tensor], list[Tensor]]:
    """What enters each layer, ``[K, n, units]``, and the slope of each activation at its preactivation."""
    d, members = model.sizes[0], model.members
    if x.ndim not in (2, 3) or x.shape[-1] != d or (x.ndim == 3 and len(x) != members):
        raise ValueError(f"points must be [n, {d}] or [{members}, n, {d}]; got {list(x.shape)}")
    inputs, slopes = [x.expand(members, *x.shape[-2:])], []
    for z in model.preactivations(x)[:-1]:
        with torch.enable_grad():
            z = z.requires_grad_()
            h = model.activation(z)
            (slope,) = torch.autograd.grad(h.sum(), z)
        inputs.append(h.detach())
        slopes.append(slope)
    return inputs, slopes
