"""How alike two kernels are, and how well a kernel suits a target."""

from __future__ import annotations

import torch
from torch import Tensor


def center_kernel(kernel: Tensor) -> Tensor:
    """The kernel of the same features with their mean over the points taken off: ``H K H``, ``H = I - 1 1^T / n``.

    Args:
        kernel: ``[..., n, n]``, symmetric.

    Raises:
        ValueError: not square, or no point.
    """
    _square(kernel=kernel)
    rows = kernel.mean(-1, keepdim=True)
    return kernel - rows - kernel.mean(-2, keepdim=True) + rows.mean(-2, keepdim=True)


def kernel_alignment(first: Tensor, second: Tensor, *, centered: bool = True) -> Tensor:
    """The cosine between two kernels, ``<K, L> / (|K| |L|)`` with the Frobenius product.

    Centred first by default, as in Cortes, Mohri and Rostamizadeh (2012, definition 4); on linear kernels of two
    representations that is linear CKA (Kornblith et al. 2019, section 3). Between 0 and 1 for positive
    semidefinite kernels.

    Args:
        first, second: ``[..., n, n]`` symmetric kernels between the same n points; leading axes broadcast.
        centered: take the means of the features off before.

    Returns:
        ``[...]``; nan where a kernel is zero, which after centring a constant kernel is.

    Raises:
        ValueError: not square, or of different numbers of points.
    """
    _square(first=first, second=second)
    if first.shape[-1] != second.shape[-1]:
        raise ValueError(f"kernels must be between the same points; got {first.shape[-1]} and {second.shape[-1]}")
    if centered:
        first, second = center_kernel(first), center_kernel(second)
    return (first * second).sum((-2, -1)) / (_norm(first) * _norm(second))


def kernel_target_alignment(kernel: Tensor, targets: Tensor, *, centered: bool = True) -> Tensor:
    """The alignment of a kernel with the kernel ``y y^T`` of its targets, ``y^T K y / (|K| |y|^2)``.

    Cristianini et al. (2001, section 3), here centred by default (Cortes et al. 2012). It is 1 for ``K = y y^T``, and
    ``1 / sqrt(n)`` for the identity without centring, whatever the targets.

    Args:
        kernel: ``[..., n, n]``, symmetric.
        targets: ``[..., n]``; for several outputs ``y y^T`` is a sum, so use ``kernel_alignment``.
        centered: take the mean of the targets and of the kernel's features off before.

    Returns:
        ``[...]``; nan where kernel or targets are zero, which after centring constant ones are.

    Raises:
        ValueError: the kernel is not square or has another number of points than the targets.
    """
    _square(kernel=kernel)
    if targets.ndim < 1 or targets.shape[-1] != kernel.shape[-1]:
        raise ValueError(f"targets must be [..., {kernel.shape[-1]}]; got {list(targets.shape)}")
    if centered:
        kernel, targets = center_kernel(kernel), targets - targets.mean(-1, keepdim=True)
    product = torch.einsum("...i,...ij,...j->...", targets, kernel, targets)
    return product / (_norm(kernel) * targets.square().sum(-1))


def feature_alignment(first: Tensor, second: Tensor, *, centered: bool = True) -> Tensor:
    """Linear CKA of two representations of the same points (Kornblith et al. 2019, eq. 3 with linear kernels).

    ``|X^T Y|^2 / (|X^T X| |Y^T Y|)``: the same as ``kernel_alignment(X X^T, Y Y^T)``, without forming
    kernels between points. Unchanged by rotations and scaling of either, not by other linear maps.

    Args:
        first: ``[..., n, p]`` features.
        second: ``[..., n, q]`` features of the same n points.
        centered: take the mean over the points off before.

    Raises:
        ValueError: no axis of points, or different numbers of points.
    """
    if first.ndim < 2 or second.ndim < 2 or first.shape[-2] != second.shape[-2]:
        raise ValueError(f"features must be [..., n, p] and [..., n, q]; got {list(first.shape)}, {list(second.shape)}")
    if centered:
        first, second = (x - x.mean(-2, keepdim=True) for x in (first, second))
    return _norm(first.mT @ second).square() / (_norm(first.mT @ first) * _norm(second.mT @ second))


def _norm(matrix: Tensor) -> Tensor:
    return matrix.square().sum((-2, -1)).sqrt()


def _square(**kernels: Tensor) -> None:
    for name, kernel in kernels.items():
        if kernel.ndim < 2 or kernel.shape[-1] != kernel.shape[-2] or kernel.shape[-1] < 1:
            raise ValueError(f"{name} must be [..., n, n]; got {list(kernel.shape)}")
