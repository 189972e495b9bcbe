"""Leading eigenvalues and spectral densities from products alone, by the Lanczos method."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from toolkit.curvature.products import Product

ENDS = ("largest", "smallest", "magnitude")
SEED = 961748927  # unlike any that a chapter gives its networks: weights and probes must not be the same numbers
CHECK = 5  # steps between two looks at the convergence


@dataclass(frozen=True)
class Eigenpairs:
    """Leading eigenvalues, in order of ``which``.

    Attributes:
        values: ``[..., count]``.
        vectors: ``[..., count, P]``, of length one.
        residuals: ``[..., count]``, the length of ``A v - value v``; each value is that close to an eigenvalue.
        steps: products taken for each network.
    """

    values: Tensor
    vectors: Tensor
    residuals: Tensor
    steps: int


@dataclass(frozen=True)
class SpectralDensity:
    """A spectrum as weighted points, the weights adding up to one.

    Attributes:
        nodes, weights: ``[..., probes, steps]``.
    """

    nodes: Tensor
    weights: Tensor

    def density(self, points: Tensor, width: float) -> Tensor:
        """The spectrum smoothed by a normal law of standard deviation ``width``: points ``[m]`` -> ``[..., m]``.

        Averaged over probes; the integral over all points is one.

        Raises:
            ValueError: a width that is not positive.
        """
        if not width > 0:
            raise ValueError(f"width must be positive; got {width}")
        far = (points - self.nodes.flatten(-2)[..., None]) / width
        bells = torch.exp(-far.square() / 2) / (width * math.sqrt(2 * math.pi))
        return (self.weights.flatten(-2)[..., None] * bells).sum(-2) / self.nodes.shape[-2]

    def share(self, low: float | Tensor, high: float | Tensor) -> Tensor:
        """Share of the eigenvalues between two numbers, averaged over probes: ``[...]``.

        Args:
            low, high: numbers, or one for each network.
        """
        low, high = (torch.as_tensor(end, dtype=self.nodes.dtype, device=self.nodes.device) for end in (low, high))
        inside = (self.nodes >= low[..., None, None]) & (self.nodes <= high[..., None, None])
        return (self.weights * inside).sum(-1).mean(-1)


class Lanczos:
    """The Lanczos method with full reorthogonalization, for many starts at once (Golub and Van Loan, section 10.1).

    Where a start runs out of new directions, it goes on with a random one orthogonal to all before.

    Args:
        product: multiplies a symmetric matrix with vectors ``[..., P]``.
        start: ``[..., P]``, none of them zero.
        most: most steps that will be taken; more than P are not possible.
        generator: on the CPU, for directions drawn anew; by default one with a seed of its own.

    Attributes:
        basis: ``[..., most, P]``, orthonormal; rows not yet reached are zero.
        diagonal, off: lists of ``[...]``, the entries of the tridiagonal matrix so far. The last of ``off`` leads
            out of it.

    Raises:
        ValueError: no step, or more than P.
    """

    def __init__(self, product: Product, start: Tensor, most: int, *, generator: torch.Generator | None = None):
        if not 1 <= most <= start.shape[-1]:
            raise ValueError(f"steps must be between 1 and {start.shape[-1]}; got {most}")
        self.product = product
        self.generator = torch.Generator().manual_seed(SEED) if generator is None else generator
        self.basis = start.new_zeros(*start.shape[:-1], most, start.shape[-1])
        self.basis[..., 0, :] = start / start.norm(dim=-1, keepdim=True)
        self.diagonal: list[Tensor] = []
        self.off: list[Tensor] = []
        self.scale = start.new_zeros(start.shape[:-1])

    @torch.no_grad()
    def advance(self) -> None:
        """One more step: one product for each start."""
        j = len(self.diagonal)
        v = self.basis[..., j, :]
        w = self.product(v)
        alpha = (w * v).sum(-1)
        w = self._orthogonal(w, j + 1)
        beta = w.norm(dim=-1)
        self.scale = torch.maximum(self.scale, alpha.abs() + beta)
        ended = beta <= 10 * torch.finfo(w.dtype).eps * self.scale
        if j + 1 < self.basis.shape[-2]:
            if ended.any():
                beta = beta.masked_fill(ended, 0)
                fresh = torch.randn(w.shape, generator=self.generator, dtype=w.dtype).to(w.device)
                w = torch.where(ended[..., None], self._orthogonal(fresh, j + 1), w)
            self.basis[..., j + 1, :] = w / w.norm(dim=-1, keepdim=True)
        self.diagonal.append(alpha)
        self.off.append(beta)

    def _orthogonal(self, w: Tensor, rows: int) -> Tensor:
        known = self.basis[..., :rows, :]
        for _ in range(2):  # twice is enough (Parlett 1980)
            w = w - ((known @ w[..., None]).mT @ known)[..., 0, :]
        return w

    def eigh(self) -> tuple[Tensor, Tensor]:
        """Eigenvalues ``[..., j]`` and eigenvectors ``[..., j, j]`` of the tridiagonal matrix after j steps."""
        matrix = torch.diag_embed(torch.stack(self.diagonal, dim=-1).double())
        if len(self.off) > 1:
            off = torch.stack(self.off[:-1], dim=-1).double()
            matrix = matrix + torch.diag_embed(off, 1) + torch.diag_embed(off, -1)
        return torch.linalg.eigh(matrix)


def top_eigenvalues(
    product: Product,
    parameters: Tensor,
    count: int = 1,
    *,
    which: str = "largest",
    tolerance: float = 1e-4,
    most: int | None = None,
    generator: torch.Generator | None = None,
) -> Eigenpairs:
    """The leading eigenvalues of a symmetric matrix, for all members at once.

    Args:
        product: a function as from ``hessian_product``.
        parameters: ``[P]`` or ``[K, P]``, the point for which the product was made.
        count: how many.
        which: ``largest``, ``smallest`` or ``magnitude`` (largest absolute value).
        tolerance: the residuals wanted, as a share of the largest absolute eigenvalue. In exact arithmetic the error of
            an eigenvalue is at most its residual, and mostly about its square over the gap to the next.
        most: most steps, by default ``20 count + 100`` or P. The steps are kept in memory: ``K most P`` numbers.
        generator: on the CPU, for the random start; by default one with a seed of its own.

    An eigenvalue that stands several times is found once, unless the steps exhaust the space; and of two that almost
    agree one may be missing while the residuals are still close to the tolerance.

    Raises:
        ValueError: a count below 1 or above the steps possible, an unknown ``which``.
        RuntimeError: residuals still above the tolerance after ``most`` steps.
    """
    size = parameters.shape[-1]
    most = min(size, 20 * count + 100 if most is None else most)
    if not 1 <= count <= most:
        raise ValueError(f"count must be between 1 and {most}; got {count}")
    if which not in ENDS:
        raise ValueError(f"which must be one of {', '.join(ENDS)}; got {which!r}")
    generator = torch.Generator().manual_seed(SEED) if generator is None else generator
    start = torch.randn(parameters.shape, generator=generator, dtype=parameters.dtype).to(parameters.device)
    method = Lanczos(product, start, most, generator=generator)
    for step in range(1, most + 1):
        method.advance()
        if step < count or (step % CHECK and step < most):
            continue
        values, inner = method.eigh()
        key = {"largest": -values, "smallest": values, "magnitude": -values.abs()}[which]
        order = key.argsort(dim=-1)[..., :count]
        inner = inner.gather(-1, order[..., None, :].expand(*inner.shape[:-1], count))
        residuals = method.off[-1].double()[..., None] * inner[..., -1, :].abs()
        if step == size or (residuals <= tolerance * values.abs().amax(-1, keepdim=True)).all():
            vectors = inner.mT.to(start) @ method.basis[..., :step, :]
            return Eigenpairs(values.gather(-1, order).to(start), vectors, residuals.to(start), step)
    raise RuntimeError(
        f"after {most} steps a residual is {residuals.max():.2g}; take more steps or a tolerance above {tolerance:g}"
    )


def spectral_density(
    product: Product,
    parameters: Tensor,
    *,
    steps: int = 80,
    probes: int = 8,
    generator: torch.Generator | None = None,
) -> SpectralDensity:
    """The distribution of all eigenvalues, by stochastic Lanczos quadrature (Lin, Saad and Yang 2016, section 3.2).

    Each random probe sees the spectrum weighted by its squared components along the eigenvectors, and ``steps``
    products give a quadrature that is exact for the first ``2 steps - 1`` moments of that distribution. All probes of
    all members advance together.

    Args:
        product: a function as from ``hessian_product``.
        parameters: ``[P]`` or ``[K, P]``, the point for which the product was made.
        steps: products for each probe; capped at P.
        probes: random directions; their average has an error that falls like one over the root of ``probes P``.
        generator: on the CPU; by default one with a seed of its own.

    Returns:
        Nodes and weights ``[probes, steps]`` or ``[K, probes, steps]``.

    Raises:
        ValueError: fewer than one probe or step.
    """
    if probes < 1:
        raise ValueError(f"probes must be at least 1; got {probes}")
    *lead, size = parameters.shape
    generator = torch.Generator().manual_seed(SEED) if generator is None else generator
    start = torch.randn(*lead, probes, size, generator=generator, dtype=parameters.dtype).to(parameters.device)
    method = Lanczos(product, start, min(steps, size), generator=generator)
    for _ in range(min(steps, size)):
        method.advance()
    nodes, inner = method.eigh()
    return SpectralDensity(nodes.to(start), inner[..., 0, :].square().to(start))
