"""Exact inference with a Gaussian process."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

from toolkit.kernels.regression import ridge_root


class GaussianPosterior(NamedTuple):
    """What is known of a function after noisy values of it.

    Attributes:
        mean: ``[..., m]``.
        variance: ``[..., m]``, of the function itself; a new noisy value has the noise's variance more.
        log_evidence: ``[...]``, log density of the observed values, in nats.
    """

    mean: Tensor
    variance: Tensor
    log_evidence: Tensor


def gaussian_posterior(
    kernel: Tensor, across: Tensor, variance: Tensor, y: Tensor, *, noise_variance: float | Tensor
) -> GaussianPosterior:
    """The posterior of a Gaussian process with mean 0 at new points, and the evidence for its covariance.

    Args:
        kernel: ``[..., n, n]``, prior covariance of the function at the observed points.
        across: ``[..., m, n]``, between new points (rows) and observed ones.
        variance: ``[..., m]``, prior variance at the new points.
        y: ``[..., n]``, observed values.
        noise_variance: of each observed value; a number, or ``[...]``.

    All leading axes broadcast, so that many data sets and many covariances are one computation, in float64.

    Raises:
        ValueError: shapes that do not fit, a negative noise, or a covariance that is not positive with the noise.

    Source: Rasmussen and Williams (2006), Gaussian Processes for Machine Learning, algorithm 2.1.
    """
    n = kernel.shape[-1] if kernel.ndim > 1 else 0
    fits = n and kernel.shape[-2] == n and across.ndim > 1 and across.shape[-1] == n and y.shape[-1:] == (n,)
    if not fits or variance.shape[-1:] != across.shape[-2:-1]:
        raise ValueError(
            "kernel must be [..., n, n], across [..., m, n], variance [..., m] and y [..., n]; "
            f"got {', '.join(str(list(t.shape)) for t in (kernel, across, variance, y))}"
        )
    noise = torch.as_tensor(noise_variance, dtype=torch.float64, device=kernel.device)
    if not bool((noise >= 0).all()):
        raise ValueError(f"noise_variance must not be negative; got {float(noise.min())}")
    root, failed = ridge_root(kernel, noise)
    if failed:
        raise ValueError("kernel with noise_variance on its diagonal must be positive definite")
    lead = torch.broadcast_shapes(root.shape[:-2], across.shape[:-2], y.shape[:-1])
    right = torch.cat(
        [y.double().expand(*lead, n)[..., None], across.double().mT.expand(*lead, n, across.shape[-2])], -1
    )
    solved = torch.linalg.solve_triangular(root, right, upper=False)
    target, rest = solved[..., :1], solved[..., 1:]
    log_root = root.diagonal(dim1=-2, dim2=-1).log().sum(-1)
    return GaussianPosterior(
        (rest.mT @ target)[..., 0],
        (variance.double() - rest.square().sum(-2)).clamp_min(0),
        -0.5 * target.square().sum((-2, -1)) - log_root - 0.5 * n * math.log(2 * math.pi),
    )
