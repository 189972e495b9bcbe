"""Gaussian processes whose length scale and noise are unknown: predictions averaged over both."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from toolkit.data.gaussian_process import rbf
from toolkit.kernels.metropolis import metropolis
from toolkit.kernels.posterior import gaussian_posterior


class NormalMixture(NamedTuple):
    """Predictions for m labels of each data set, as a mixture of G normals.

    Attributes:
        mean: ``[G, ..., m]``.
        variance: ``[G, ..., m]``, noise included.
        log_weight: ``[G, ...]``, logarithms of weights that sum to 1 for each data set.
    """

    mean: Tensor
    variance: Tensor
    log_weight: Tensor

    @classmethod
    def of(cls, mean: Tensor, variance: Tensor, evidence: Tensor) -> NormalMixture:
        """Model averaging: predictions of G models, weighted by their evidence; they had equal weights before."""
        return cls(mean, variance, evidence.log_softmax(0))

    def log_prob(self, y: Tensor) -> Tensor:
        """Log density of each label by itself, ``[..., m]``, in nats."""
        squared = (y - self.mean).square() / self.variance
        parts = -0.5 * (squared + self.variance.log() + math.log(2 * math.pi))
        return (parts + self.log_weight[..., None]).logsumexp(0)

    def cdf(self, y: Tensor) -> Tensor:
        """Probability of values up to y, ``[..., m]``, for each label by itself."""
        parts = torch.special.ndtr((y - self.mean) / self.variance.sqrt())
        return (self.log_weight.exp()[..., None] * parts).sum(0)

    def most_likely(self) -> NormalMixture:
        """Only the component with the largest weight, data set by data set: type-II maximum likelihood."""
        best = self.log_weight.argmax(0, keepdim=True)
        index = best[..., None].expand(1, *self.mean.shape[1:])
        return NormalMixture(self.mean.gather(0, index), self.variance.gather(0, index), 0.0 * best)


class HyperPrior(NamedTuple):
    """Length scale and noise variance of an RBF Gaussian process, independent and log-uniform between bounds."""

    length: tuple[float, float] = (0.1, 2.0)
    noise: tuple[float, float] = (0.001, 0.3)

    def at(self, u: Tensor) -> tuple[Tensor, Tensor]:
        """Length and noise at places ``[..., 2]`` of the unit square, where the prior is uniform."""
        (a, b), (c, d) = self.length, self.noise
        return a * (b / a) ** u[..., 0], c * (d / c) ** u[..., 1]

    def draw(self, count: int, generator: torch.Generator) -> dict[str, Tensor]:
        """``count`` pairs, float64 on the CPU, as ``length`` and ``noise_variance`` of ``regression_tasks``."""
        length, noise = self.at(torch.rand(count, 2, generator=generator, dtype=torch.float64))
        return {"length": length, "noise_variance": noise}

    def average_over_grid(self, x: Tensor, y: Tensor, new: Tensor, sizes: Sequence[int]) -> NormalMixture:
        """Exact model averaging over the midpoints of a grid.

        Args:
            x, y: ``[..., n, d]`` and ``[..., n]``, what is known of each data set.
            new: ``[..., m, d]``, where to predict.
            sizes: number of length scales and of noise variances.
        """
        axes = [(torch.arange(size, dtype=torch.float64) + 0.5) / size for size in sizes]
        u = torch.cartesian_prod(*axes).to(x.device).view(-1, *[1] * (y.ndim - 1), 2)
        return NormalMixture.of(*predict_labels(x, y, new, *self.at(u)))

    def average_over_chain(
        self, x: Tensor, y: Tensor, new: Tensor, steps: int, *, scale: float = 0.3, thin: int = 4, generator
    ) -> NormalMixture:
        """Averages over a random-walk Metropolis chain per data set, which starts in the middle of the prior.

        The first fifth of the steps is left out, and of the others every ``thin``-th is used. Arguments are those of
        ``average_over_grid``; ``scale`` is that of ``metropolis``, on the unit square.
        """

        def log_density(u):
            inside = ((u > 0) & (u < 1)).all(-1)
            evidence = predict_labels(x, y, x[..., :0, :], *self.at(u.clamp(0, 1)))[2]
            return torch.where(inside, evidence, -torch.inf)

        start = torch.full((*y.shape[:-1], 2), 0.5, dtype=torch.float64, device=x.device)
        states = metropolis(log_density, start, steps, scale=scale, generator=generator)[steps // 5 :: thin]
        mean, variance, evidence = predict_labels(x, y, new, *self.at(states))
        return NormalMixture(mean, variance, torch.full_like(evidence, -math.log(len(states))))


def predict_labels(
    x: Tensor, y: Tensor, new: Tensor, length: float | Tensor, noise_variance: float | Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """New labels under a Gaussian process with RBF covariance and variance 1, noise included.

    Args:
        x, y: ``[..., n, d]`` and ``[..., n]``, what is known.
        new: ``[..., m, d]``, where to predict.
        length, noise_variance: numbers, or tensors that broadcast with the leading axes.

    Returns:
        mean and variance of each new label, ``[..., m]``, and the log evidence of the known ones, ``[...]``; float64.

    Raises:
        ValueError: see ``gaussian_posterior`` and ``rbf``.
    """
    old, new = x.double(), new.double()
    found = gaussian_posterior(
        rbf(old, old, length=length),
        rbf(new, old, length=length),
        torch.ones_like(new[..., 0]),
        y,
        noise_variance=noise_variance,
    )
    noise = torch.as_tensor(noise_variance, dtype=torch.float64, device=x.device)
    return found.mean, found.variance + noise[..., None], found.log_evidence
