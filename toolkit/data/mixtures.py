"""Points from mixtures: Gaussian classes, clusters in an XOR pattern, two moons."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from toolkit.data.bounds import at_least, between


def equidistant_means(classes: int, dimension: int, *, separation: float, generator: torch.Generator) -> Tensor:
    """Class means with the same distance between any two: a regular simplex around 0, randomly turned.

    Two classes are at ``+mu`` and ``-mu`` with ``|mu| = separation / 2``.

    Args:
        classes: K, at most dimension + 1.
        dimension: d.
        separation: distance between two means, in the units of the points.
        generator: source of randomness, on the CPU.

    Returns:
        ``[K, d]`` float32.

    Raises:
        ValueError: a number outside its range.
    """
    from scipy.linalg import helmert

    at_least(1, dimension=dimension)
    between(2, dimension + 1, classes=classes)
    at_least(0, separation=separation)
    corners = torch.from_numpy(helmert(classes)).T  # K points in K - 1 dimensions, sqrt(2) apart, around 0
    turn = torch.linalg.qr(torch.randn(dimension, classes - 1, generator=generator, dtype=torch.float64)).Q
    return (separation / math.sqrt(2) * corners @ turn.T).float()


def gaussian_mixture(
    n: int,
    *,
    means: Tensor,
    covariance: float | Tensor = 1.0,
    weights: Tensor | None = None,
    generator: torch.Generator,
) -> tuple[Tensor, Tensor]:
    """Points from K Gaussian classes, in random order.

    Args:
        n: points in all.
        means: ``[K, d]``, for example of ``equidistant_means``, or ``torch.randn``.
        covariance: a variance for every coordinate; ``[K]``, one variance per class; ``[K, d]``, the
            variance of each coordinate; or ``[K, d, d]``, positive definite matrices.
        weights: ``[K]``, the probability of each class, in any scale; each point draws its class. If None,
            all classes have n / K points, the first n % K of them one more.
        generator: source of randomness, on the CPU.

    Returns:
        points ``[n, d]`` float32 and classes ``[n]`` int64, on the CPU wherever the means are.

    Raises:
        ValueError: no point, means that are no matrix, or covariance or weights that do not fit them.
    """
    at_least(1, n=n)
    means = torch.as_tensor(means, dtype=torch.float32, device="cpu")
    if means.ndim != 2 or not means.numel():
        raise ValueError(f"means must be [classes, dimension]; got {list(means.shape)}")
    count, dimension = means.shape
    factor = _factor(torch.as_tensor(covariance, dtype=torch.float32, device="cpu"), count, dimension)
    if weights is None:
        classes = torch.arange(n)[torch.randperm(n, generator=generator)] % count
    else:
        weights = torch.as_tensor(weights, dtype=torch.float64, device="cpu")
        if weights.shape != (count,) or not bool((weights >= 0).all()) or not 0 < float(weights.sum()) < math.inf:
            raise ValueError(f"weights must be {count} numbers, one per class, none negative and not all 0")
        classes = torch.multinomial(weights, n, replacement=True, generator=generator)
    noise = torch.randn(n, dimension, generator=generator)
    if factor.ndim == 3:
        spread = torch.empty_like(noise)
        for k in range(count):  # one product per class, rather than a matrix per point
            spread[classes == k] = noise[classes == k] @ factor[k].T
    else:
        spread = noise * factor[classes]
    return means[classes] + spread, classes


def _factor(covariance: Tensor, classes: int, dimension: int) -> Tensor:
    """Standard deviations ``[K, 1 or d]``, or triangular factors ``[K, d, d]``."""
    allowed = [(), (classes,), (classes, dimension), (classes, dimension, dimension)]
    if tuple(covariance.shape) not in allowed:
        words = ", ".join(str(list(shape)) for shape in allowed[1:])
        raise ValueError(f"covariance must be a number or {words}; got {list(covariance.shape)}")
    if covariance.ndim < 3:
        if not bool((covariance >= 0).all()):
            raise ValueError("covariance must hold no negative variance")
        return covariance.sqrt().expand(classes).reshape(classes, 1) if covariance.ndim < 2 else covariance.sqrt()
    factor, failed = torch.linalg.cholesky_ex(covariance)
    if bool(failed.any()) or not torch.allclose(covariance, covariance.mT, atol=1e-6):
        raise ValueError("covariance must hold symmetric positive definite matrices")
    return factor


def xor_clusters(
    n: int, dimension: int, *, mean_norm: float, flip: float = 0.0, noise: float = 1.0, generator: torch.Generator
) -> tuple[Tensor, Tensor, Tensor]:
    """Four clusters whose labels are the XOR of two directions (Xu et al. 2023, arXiv 2310.02541, section 2).

    Clusters 0 and 1 are at ``+mu1`` and ``-mu1`` and have label 1, clusters 2 and 3 at ``+mu2`` and ``-mu2``
    and have label -1, where ``mu1`` and ``mu2`` are ``mean_norm`` times the first two axes.

    Args:
        n: points; each draws its cluster, all four equally likely.
        dimension: p, at least 2.
        mean_norm: ``|mu1| = |mu2|``.
        flip: probability that a point's label is turned round.
        noise: standard deviation of each coordinate around the mean.
        generator: source of randomness, on the CPU.

    Returns:
        points ``[n, p]`` float32, labels ``[n]`` float32 in {-1, 1} after flips, and clusters ``[n]`` int64;
        the label before flips is ``1 - 2 * (clusters // 2)``.

    Raises:
        ValueError: a number outside its range.
    """
    at_least(1, n=n)
    at_least(2, dimension=dimension)
    at_least(0, mean_norm=mean_norm, noise=noise)
    between(0, 1, flip=flip)
    clusters = torch.randint(4, (n,), generator=generator)
    points = noise * torch.randn(n, dimension, generator=generator)
    points[torch.arange(n), clusters // 2] += mean_norm * (1 - 2 * (clusters % 2))
    flipped = torch.rand(n, generator=generator) < flip
    labels = (1.0 - 2 * (clusters // 2)) * (1 - 2 * flipped.float())
    return points, labels, clusters


def two_moons(n: int, *, noise: float = 0.0, margin: float = 0.0, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Two half circles of radius 1 that reach into each other, as in scikit-learn's ``make_moons``.

    Class 0 is the upper half of the circle around (0, 0), class 1 the lower half of the one around
    (1, 0.5); angles are evenly spaced, points in random order.

    Args:
        n: points; class 0 has n // 2 of them.
        noise: standard deviation of both coordinates.
        margin: how far class 1 is moved down. The moons can be parted by a horizontal line from 0.5 on,
            up to noise.
        generator: source of randomness, on the CPU.

    Returns:
        points ``[n, 2]`` float32 and classes ``[n]`` int64.

    Raises:
        ValueError: fewer than 2 points, or a negative noise.
    """
    at_least(2, n=n)
    at_least(0, noise=noise)
    upper, lower = (torch.linspace(0, math.pi, count) for count in (n // 2, n - n // 2))
    points = torch.cat(
        [
            torch.stack([upper.cos(), upper.sin()], dim=1),
            torch.stack([1 - lower.cos(), 0.5 - lower.sin() - margin], dim=1),
        ]
    )
    classes = (torch.arange(n) >= n // 2).long()
    order = torch.randperm(n, generator=generator)
    return points[order] + noise * torch.randn(n, 2, generator=generator), classes[order]


def flip_labels(labels: Tensor, share: float, *, classes: int, generator: torch.Generator) -> Tensor:
    """Labels with noise: each is replaced, with this probability, by another class, all equally likely.

    Args:
        labels: ``[...]`` int64 between 0 and classes - 1.
        share: probability of a replacement.
        classes: number of classes, at least 2.
        generator: source of randomness, on the CPU.

    Returns:
        new labels, of the shape and on the device of the old.

    Raises:
        ValueError: a number outside its range, or a label that is no class.
    """
    between(0, 1, share=share)
    at_least(2, classes=classes)
    if labels.numel() and not 0 <= int(labels.min()) <= int(labels.max()) < classes:
        raise ValueError(f"labels must lie between 0 and {classes - 1}")
    change = torch.rand(labels.shape, generator=generator) < share
    step = torch.randint(1, classes, labels.shape, generator=generator) * change
    return (labels + step.to(labels.device)) % classes
