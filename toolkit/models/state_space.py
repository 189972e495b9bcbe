"""Linear state space models, x' = A x + B u, y = C x, as convolutions: matrices, discretization, kernels.

Everything takes leading axes: ``[..., n, n]`` matrices of K members with H channels are ``[K, H, n, n]``.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

METHODS = ("zoh", "bilinear", "impulse")


class HiPPO(NamedTuple):
    """A state matrix ``[n, n]``, its input vector ``[n]``, and the vector that makes it normal ``[n]``."""

    a: Tensor
    b: Tensor
    p: Tensor


class NormalPart(NamedTuple):
    """Eigenvalues ``[m]`` of ``A + P P^T``, one of each conjugate pair, with B and P in that eigenbasis ``[m]``."""

    eigenvalues: Tensor
    b: Tensor
    p: Tensor


def hippo_legs(size: int, *, dtype: torch.dtype = torch.float64, device: torch.device | str = "cpu") -> HiPPO:
    """The HiPPO-LegS matrix: ``A[n, k] = -sqrt((2n+1)(2k+1))`` below the diagonal, ``-(n+1)`` on it.

    ``B[n] = sqrt(2n+1)`` and ``P[n] = sqrt(n + 1/2)``; ``A + P P^T`` is normal, -1/2 plus a skew matrix.

    Raises:
        ValueError: a size below 1.

    Source: Gu et al. (2020), arXiv 2008.07669, theorem 2, as a time-invariant system; P from Gu, Goel and Ré (2022),
    arXiv 2111.00396, appendix C.
    """
    if size < 1:
        raise ValueError(f"size must be at least 1; got {size}")
    n = torch.arange(size, dtype=dtype, device=device)
    b = (2 * n + 1).sqrt()
    return HiPPO(-torch.outer(b, b).tril(-1) - torch.diag(n + 1), b, b / math.sqrt(2))


def legs_normal_part(pairs: int, *, device: torch.device | str = "cpu") -> NormalPart:
    """Eigenvalues of the normal part of HiPPO-LegS of size ``2 * pairs``, those with positive imaginary part.

    Sorted by frequency, complex128. A real system with real input and output is twice the real part of these.

    Raises:
        ValueError: pairs below 1.
    """
    if pairs < 1:
        raise ValueError(f"pairs must be at least 1; got {pairs}")
    a, b, p = hippo_legs(2 * pairs)
    normal = a + torch.outer(p, p)
    skew = (normal - normal.T) / 2
    frequencies, vectors = torch.linalg.eigh(-1j * skew)  # Hermitian, so the basis is orthonormal
    frequencies, basis = frequencies[pairs:], vectors[:, pairs:].mH
    found = torch.complex(torch.full_like(frequencies, -0.5), frequencies), basis @ (b + 0j), basis @ (p + 0j)
    return NormalPart(*(part.to(device) for part in found))


def paired_matrix(eigenvalues: Tensor) -> Tensor:
    """The real matrix with these eigenvalues and their conjugates: ``[..., m]`` complex -> ``[..., 2m, 2m]``.

    It acts on real parts followed by imaginary parts.
    """
    real, imag = eigenvalues.real, eigenvalues.imag
    size = eigenvalues.shape[-1]
    turn = torch.diag_embed(imag, offset=-size) - torch.diag_embed(imag, offset=size)
    return torch.diag_embed(torch.cat([real, real], dim=-1)) + turn


def discretize(a: Tensor, b: Tensor, step: float | Tensor, *, method: str = "zoh") -> tuple[Tensor, Tensor]:
    """A recurrence ``x[l] = a_bar x[l-1] + b_bar u[l]`` for the system ``x' = a x + b u``.

    Args:
        a: ``[..., n, n]``.
        b: ``[..., n]``.
        step: time between two samples; a number, or ``[...]``.
        method: ``zoh`` holds the input constant over a step, ``bilinear`` is Tustin's rule, and ``impulse`` makes
            the response to one input ``1/step`` equal to the continuous one at multiples of the step.

    Returns:
        ``a_bar`` ``[..., n, n]`` and ``b_bar`` ``[..., n]``, as those of ``scipy.signal.cont2discrete`` (for
        ``impulse``, scipy's input acts one step later).

    Raises:
        ValueError: an unknown method, or shapes that do not fit.
    """
    if method not in METHODS:
        raise ValueError(f"method must be one of {', '.join(METHODS)}; got {method!r}")
    size = b.shape[-1]
    if a.shape[-2:] != (size, size):
        raise ValueError(f"a must be [..., {size}, {size}] to fit b; got {list(a.shape)}")
    step = torch.as_tensor(step, dtype=a.real.dtype, device=a.device)[..., None, None]
    scaled, column = step * a, step * b[..., None]
    if method == "bilinear":
        eye = torch.eye(size, dtype=a.dtype, device=a.device)
        both = torch.cat([eye + scaled / 2, column.expand(*scaled.shape[:-1], 1)], dim=-1)
        both = torch.linalg.solve(eye - scaled / 2, both)
        return both[..., :-1], both[..., -1]
    if method == "impulse":
        return torch.linalg.matrix_exp(scaled), column.expand(*scaled.shape[:-1], 1)[..., 0]
    # the exponential of [[a, b], [0, 0]] holds both parts and needs no inverse of a
    augmented = torch.cat([scaled, column.expand(*scaled.shape[:-1], 1)], dim=-1)
    both = torch.linalg.matrix_exp(torch.nn.functional.pad(augmented, (0, 0, 0, 1)))
    return both[..., :size, :size], both[..., :size, size]


def basis_kernels(a_bar: Tensor, b_bar: Tensor, length: int) -> Tensor:
    """The state after an impulse: ``a_bar^l b_bar`` for l = 0 ... length - 1, as ``[..., n, length]``.

    Raises:
        ValueError: a length below 1.
    """
    _positive(length)
    found, power = b_bar[..., None], a_bar
    while found.shape[-1] < length:
        found = torch.cat([found, power @ found], dim=-1)
        power = power @ power
    return found[..., :length]


def impulse_response(a_bar: Tensor, b_bar: Tensor, c: Tensor, length: int) -> Tensor:
    """The kernel ``c a_bar^l b_bar`` of a recurrence, ``[..., length]``.

    With l = i m + j it is a product of the rows ``c a_bar^(i m)`` and the columns ``a_bar^j b_bar``.

    Raises:
        ValueError: a length below 1.
    """
    width = _block(length)
    rows, power = c[..., None, :], torch.linalg.matrix_power(a_bar, width)
    while rows.shape[-2] < width:
        rows = torch.cat([rows, rows @ power], dim=-2)
        if rows.shape[-2] < width:
            power = power @ power
    columns = basis_kernels(a_bar, b_bar, width)
    return (rows[..., :width, :] @ columns).flatten(-2)[..., :length]


def vandermonde(coefficients: Tensor, exponents: Tensor, length: int) -> Tensor:
    """Sums of exponentials, ``sum_n c[n] exp(l z[n])`` for l = 0 ... length - 1: ``[..., n]`` -> ``[..., length]``.

    That is the product of c with the Vandermonde matrix of ``exp(z)``. With l = i m + j the matrix is a product of
    two small ones, so the large one is never made.

    Raises:
        ValueError: a length below 1.
    """
    width = _block(length)
    fast = _powers(torch.ones_like(exponents), exponents.exp(), width)
    slow = _powers(coefficients, (width * exponents).exp(), width)
    return (slow.mT @ fast).flatten(-2)[..., :length]


def causal_convolution(u: Tensor, kernel: Tensor) -> Tensor:
    """``y[t] = sum_l kernel[l] u[t - l]`` along the last axis, by the fast Fourier transform; real, same length as u.

    Raises:
        ValueError: a kernel longer than the input.
    """
    length = u.shape[-1]
    if kernel.shape[-1] > length:
        raise ValueError(f"kernel has {kernel.shape[-1]} entries; at most {length}, the length of the input")
    size = 2 * length  # room for the tail, which would wrap around
    product = torch.fft.rfft(u, n=size) * torch.fft.rfft(kernel, n=size)
    return torch.fft.irfft(product, n=size)[..., :length]


def scan(a_bar: Tensor, b_bar: Tensor, c: Tensor, u: Tensor) -> Tensor:
    """Runs the recurrence ``x[l] = a_bar x[l-1] + b_bar u[l]``, ``y[l] = c x[l]`` from the state zero.

    Args:
        a_bar: ``[..., n, n]``, or ``[..., n]`` for a diagonal matrix.
        b_bar, c: ``[..., n]``.
        u: ``[..., length]``.

    Returns:
        ``[..., length]``, complex if the matrices are.
    """
    diagonal = a_bar.ndim == b_bar.ndim
    state, outputs = torch.zeros_like(b_bar), []
    for value in u.unbind(-1):
        moved = a_bar * state if diagonal else (a_bar @ state[..., None])[..., 0]
        state = moved + b_bar * value[..., None]
        outputs.append((c * state).sum(-1))
    return torch.stack(outputs, dim=-1)


def _powers(first: Tensor, base: Tensor, count: int) -> Tensor:
    """``first * base^i`` for i = 0 ... count - 1, by doubling: ``[...]`` -> ``[..., count]``."""
    found = first[..., None]
    while found.shape[-1] < count:
        found = torch.cat([found, found * base[..., None]], dim=-1)
        base = base * base
    return found[..., :count]


def _block(length: int) -> int:
    return math.isqrt(_positive(length) - 1) + 1


def _positive(length: int) -> int:
    if length < 1:
        raise ValueError(f"length must be at least 1; got {length}")
    return length
