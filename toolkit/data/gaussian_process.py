"""Functions drawn from a Gaussian process."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from toolkit.data.bounds import above, at_least

JITTER = 1e-9  # added to the diagonal, times its mean, so that rounding leaves the matrix positive


def rbf(x: Tensor, y: Tensor, *, length: float | Tensor = 1.0, variance: float = 1.0) -> Tensor:
    """The squared exponential covariance ``variance * exp(-|x - y|^2 / (2 length^2))``.

    Args:
        x, y: ``[..., m, d]`` and ``[..., l, d]``.
        length: the length scale, in units of x; a number, or ``[...]``, one per set of points.
        variance: of the function at a point.

    Returns:
        ``[..., m, l]``.

    Raises:
        ValueError: a length or variance that is not positive.
    """
    length = torch.as_tensor(length, dtype=x.dtype, device=x.device)
    above(0, length=float(length.min()), variance=variance)
    squared = (x.unsqueeze(-2) - y.unsqueeze(-3)).square().sum(-1)
    return variance * torch.exp(-0.5 * squared / length[..., None, None] ** 2)


def gaussian_process(
    inputs: Tensor,
    *,
    covariance: Callable[[Tensor, Tensor], Tensor] = rbf,
    noise_variance: float | Tensor = 0.0,
    generator: torch.Generator,
) -> tuple[Tensor, Tensor]:
    """Values of random functions with mean 0, one function per set of points.

    Args:
        inputs: ``[..., m, d]`` on any device; the leading axes are independent functions, for example tasks.
        covariance: of two sets of points, ``[..., m, d]`` and ``[..., l, d]`` to ``[..., m, l]``, such as
            ``functools.partial(rbf, length=0.6)``. It gets float64.
        noise_variance: of the noise on every value; a number, or ``[...]``, one per set of points.
        generator: source of randomness, on the CPU.

    Returns:
        noisy values and the function's own values, ``[..., m]`` float32 each, on the CPU.

    Raises:
        ValueError: inputs of the wrong shape, a negative noise, or a covariance that gives another shape
            or a matrix that is not positive.
    """
    if inputs.ndim < 2 or not inputs.numel():
        raise ValueError(f"inputs must be [..., points, dimension]; got {list(inputs.shape)}")
    noise = torch.as_tensor(noise_variance, dtype=torch.float64)
    at_least(0, noise_variance=float(noise.min()))
    places = inputs.detach().cpu().double()
    matrix = covariance(places, places)
    shape = (*inputs.shape[:-1], inputs.shape[-2])
    if matrix.shape != shape:
        raise ValueError(f"covariance must give {list(shape)}; got {list(matrix.shape)}")
    scale = matrix.diagonal(dim1=-2, dim2=-1).mean(-1)[..., None, None]
    factor, failed = torch.linalg.cholesky_ex(matrix + JITTER * scale * torch.eye(shape[-1], dtype=torch.float64))
    if bool(failed.any()):
        raise ValueError("covariance must give positive matrices")
    draws = torch.randn(*inputs.shape[:-1], 2, generator=generator, dtype=torch.float64)
    clean = (factor @ draws[..., :1])[..., 0]
    return (clean + noise.sqrt()[..., None] * draws[..., 1]).float(), clean.float()
