"""Products of the Hessian and of the Gauss-Newton matrix with many vectors at once."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.func import vmap

Product = Callable[[Tensor], Tensor]


def hessian_product(loss: Callable[..., Tensor], parameters: Tensor, *data: Tensor, own_data: bool = False) -> Product:
    """Multiplies the Hessian of a loss with vectors, without forming it (Pearlmutter 1994).

    The gradient is computed once and its graph kept, so a product costs about two backward passes. The average over
    several batches is the average of their products.

    Args:
        loss: ``loss(vector, *data)`` of one network, a scalar; ``vector`` is ``[P]``.
        parameters: ``[P]``, where to differentiate, or ``[K, P]`` for K networks at once.
        data: passed on to the loss, the same for all networks.
        own_data: whether each of ``data`` has a first axis of K and network k gets its k-th entry.

    Returns:
        A function ``[..., P] -> [..., P]``, or ``[K, ..., P] -> [K, ..., P]``; the axes between hold several vectors
        (probes). The result carries no gradient.

    Raises:
        ValueError: parameters of another shape, a loss that is no scalar, or, from the product, vectors that do not
            fit.
    """
    point = _point(parameters)
    with torch.enable_grad():
        losses = _each(loss, point, data, own_data)
        if losses.shape != point.shape[:-1]:
            raise ValueError(f"loss must give a scalar for each network; got {list(losses.shape)}")
        (gradient,) = torch.autograd.grad(losses.sum(), point, create_graph=True)
    if not gradient.requires_grad:  # a linear loss
        return lambda vectors: torch.zeros_like(_checked(vectors, point))

    def product(vectors: Tensor) -> Tensor:
        return _batched(lambda v, many: _derivative(gradient, point, v, many), vectors, point)

    return product


def gauss_newton_product(
    network: Callable[[Tensor, Tensor], Tensor],
    loss: Callable[[Tensor, Tensor], Tensor],
    parameters: Tensor,
    x: Tensor,
    y: Tensor,
    *,
    own_data: bool = False,
) -> Product:
    """Multiplies the generalized Gauss-Newton matrix ``J^T H_out J`` with vectors (Schraudolph 2002).

    J holds the derivatives of all outputs with respect to the parameters, H_out the second derivatives of the loss
    with respect to the outputs. For the cross entropy, H_out is ``(diag p - p p^T) / n`` for each of n examples.

    Args:
        network: ``network(vector, x)``, the outputs of one network.
        loss: ``loss(outputs, y)``, a scalar, convex in the outputs if the matrix is to be positive semidefinite.
        parameters, own_data: as for ``hessian_product``.
        x, y: data, the same for all networks unless ``own_data``.

    Returns:
        A function as from ``hessian_product``.

    Raises:
        ValueError: as ``hessian_product``.
    """
    point = _point(parameters)
    with torch.enable_grad():
        outputs = _each(network, point, (x,), own_data)
        covector = torch.zeros_like(outputs, requires_grad=True)
        (pulled,) = torch.autograd.grad(outputs, point, covector, create_graph=True)  # J^T u, linear in u
        free = outputs.detach().requires_grad_()
        losses = _each(loss, free, (y,), own_data, members=point.ndim == 2)
        if losses.shape != point.shape[:-1]:
            raise ValueError(f"loss must give a scalar for each network; got {list(losses.shape)}")
        (slope,) = torch.autograd.grad(losses.sum(), free, create_graph=True)
    if not slope.requires_grad:  # linear in the outputs
        return lambda vectors: torch.zeros_like(_checked(vectors, point))

    def one(v: Tensor, many: bool) -> Tensor:
        pushed = _derivative(pulled, covector, v, many)  # J v
        return _derivative(outputs, point, _derivative(slope, free, pushed, many), many)

    return lambda vectors: _batched(one, vectors, point)


def _point(parameters: Tensor) -> Tensor:
    if parameters.ndim not in (1, 2) or not parameters.is_floating_point():
        raise ValueError(f"parameters must be [P] or [K, P] floating point numbers; got {list(parameters.shape)}")
    return parameters.detach().clone().requires_grad_()


def _each(function, first: Tensor, data, own_data: bool, members: bool | None = None) -> Tensor:
    """``function(first, *data)`` for one network, or for each member along the first axis."""
    members = first.ndim == 2 if members is None else members
    if not members:
        return function(first, *data)
    if own_data and any(len(part) != len(first) for part in data):
        raise ValueError(f"with own_data each of data must have a first axis of {len(first)} members")
    return vmap(function, in_dims=(0, *[0 if own_data else None] * len(data)))(first, *data)


def _derivative(of: Tensor, at: Tensor, vectors: Tensor, many: bool) -> Tensor:
    (found,) = torch.autograd.grad(of, at, vectors, retain_graph=True, is_grads_batched=many)
    return found


def _checked(vectors: Tensor, point: Tensor) -> Tensor:
    lead = point.ndim - 1
    fits = vectors.ndim >= point.ndim and vectors.shape[-1] == point.shape[-1]
    if not fits or vectors.shape[:lead] != point.shape[:lead]:
        wanted = ", ".join([*map(str, point.shape[:lead]), "...", str(point.shape[-1])])
        raise ValueError(f"vectors must be [{wanted}]; got {list(vectors.shape)}")
    return vectors


def _batched(one: Callable[[Tensor, bool], Tensor], vectors: Tensor, point: Tensor) -> Tensor:
    """Moves the probe axes to the front, as torch wants them, and back."""
    vectors = _checked(vectors, point)
    if vectors.ndim == point.ndim:
        return one(vectors, False)
    if point.ndim == 1:
        probes = vectors.reshape(-1, point.shape[-1])
        return one(probes, True).view(vectors.shape)
    probes = vectors.flatten(1, -2).transpose(0, 1)
    return one(probes, True).transpose(0, 1).reshape(vectors.shape)
