"""How a sum of independent terms differs from a Gaussian: cumulants, Hermite coefficients, corrected densities.

Hermite polynomials are the probabilists' ones, ``He_4(x) = x^4 - 6 x^2 + 3``, as in ``numpy.polynomial.hermite_e``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from toolkit.kernels.sampling import check_law


def cumulants(moments: Sequence[float]) -> np.ndarray:
    """Cumulants ``[m]`` of orders 1 to m from the raw moments ``E[X], E[X^2], ..., E[X^m]``.

    Raises:
        ValueError: no moment, or one that is not finite.
    """
    raw = np.asarray(moments, dtype=float)
    if raw.ndim != 1 or raw.size == 0 or not np.isfinite(raw).all():
        raise ValueError(f"moments must be one or more finite numbers, of orders 1, 2, ...; got {moments!r}")
    found = np.zeros(raw.size + 1)
    for n in range(1, raw.size + 1):
        known = sum(math.comb(n - 1, k - 1) * found[k] * raw[n - k - 1] for k in range(1, n))
        found[n] = raw[n - 1] - known
    return found[1:]


def unit_cumulants(activation: str, law: str = "normal", *, highest: int = 8) -> np.ndarray:
    """Cumulants of orders 1 to ``highest`` of one hidden unit's term ``w phi(u)``, by quadrature.

    Args:
        activation: ``relu``, ``tanh``, ``erf`` or ``linear``.
        law: of the weights w and u, which have mean 0 and variance 1: ``normal``, or ``uniform`` on
            [-sqrt 3, sqrt 3].
        highest: order of the last cumulant, at least 2.

    Returns:
        ``[highest]``; odd orders are exactly zero, since w is symmetric.

    Raises:
        ValueError: an unknown activation or law, or a highest order below 2.
    """
    from scipy.integrate import quad
    from scipy.special import erf

    functions = {"relu": lambda z: max(z, 0.0), "tanh": math.tanh, "erf": erf, "linear": lambda z: z}
    if activation not in functions:
        raise ValueError(f"activation must be one of {', '.join(functions)}; got {activation!r}")
    check_law(law)
    if highest < 2:
        raise ValueError(f"highest must be at least 2; got {highest}")
    phi, edge = functions[activation], 40.0 if law == "normal" else math.sqrt(3)

    def integrand(z, k):
        return phi(z) ** k * (math.exp(-z * z / 2) / math.sqrt(2 * math.pi) if law == "normal" else 0.5 / edge)

    def average(k):
        halves = (quad(integrand, a, b, args=(k,), epsabs=0, limit=200)[0] for a, b in ((-edge, 0), (0, edge)))
        return sum(halves)

    return cumulants([0.0 if k % 2 else weight_moment(law, k) * average(k) for k in range(1, highest + 1)])


def standardized_sum(unit: Sequence[float], terms: int) -> np.ndarray:
    """Cumulants of the sum of independent terms, shifted and scaled to mean 0 and variance 1.

    Cumulants of independent terms add, so they are ``kappa_k / kappa_2^(k/2) / terms^(k/2 - 1)``.

    Args:
        unit: ``[m]``, cumulants of one term, of orders 1 to m, at least 2.
        terms: how many, n.

    Returns:
        ``[m]``, with 0 and 1 at orders 1 and 2.

    Raises:
        ValueError: fewer than two cumulants, a variance that is not positive, or fewer than one term.
    """
    kappa = np.asarray(unit, dtype=float)
    if kappa.ndim != 1 or kappa.size < 2 or not kappa[1] > 0:
        raise ValueError(f"unit must hold cumulants of orders 1, 2, ..., with a positive variance; got {unit!r}")
    if terms < 1:
        raise ValueError(f"terms must be at least 1; got {terms}")
    orders = np.arange(1, kappa.size + 1)
    return np.where(orders == 1, 0.0, kappa / kappa[1] ** (orders / 2) / float(terms) ** (orders / 2 - 1))


def weight_moment(law: str, order: int) -> float:
    """``E[w^order]`` of a weight with mean 0 and variance 1; ``law`` is ``normal`` or ``uniform``.

    Raises:
        ValueError: an unknown law or a negative order.
    """
    check_law(law)
    if order < 0:
        raise ValueError(f"order must not be negative; got {order}")
    if order % 2:
        return 0.0
    return float(math.prod(range(1, order, 2))) if law == "normal" else 3 ** (order / 2) / (order + 1)


def hermite_coefficients(cumulants: Sequence[float]) -> np.ndarray:
    """Coefficients ``c_k = E[He_k(X)] / k!`` of the density ``N(x; 0, 1) sum_k c_k He_k(x)``.

    They are the coefficients of ``t^k`` in ``exp(K(t) - t^2 / 2)``, where K is the cumulant generating
    function. So ``c_4 = kappa_4 / 24`` and ``c_8 = (kappa_8 + 35 kappa_4^2) / 8!`` for a symmetric law of
    variance 1. Sorted by powers of the width, the terms are the Edgeworth expansion (Cramer 1946, section 17.6).

    Args:
        cumulants: ``[m]``, of orders 1 to m.

    Returns:
        ``[m + 1]``, ``c_0 = 1`` first.

    Raises:
        ValueError: no cumulant, or one that is not finite.
    """
    kappa = np.asarray(cumulants, dtype=float)
    if kappa.ndim != 1 or kappa.size == 0 or not np.isfinite(kappa).all():
        raise ValueError(f"cumulants must be one or more finite numbers, of orders 1, 2, ...; got {cumulants!r}")
    orders = np.arange(1, kappa.size + 1)
    exponent = (kappa - (orders == 2)) / np.array([math.factorial(k) for k in orders], dtype=float)
    found = np.zeros(kappa.size + 1)
    found[0] = 1.0
    for k in orders:  # k c_k = sum_j j a_j c_(k-j), from the derivative of the exponential
        found[k] = sum(j * exponent[j - 1] * found[k - j] for j in range(1, k + 1)) / k
    return found


def corrected_density(x, coefficients: Sequence[float]) -> np.ndarray:
    """``N(x; 0, 1) sum_k c_k He_k(x)`` at ``x`` of any shape; ``coefficients`` is ``[c_0, c_1, ...]``.

    A truncated series may be negative somewhere: it is an approximation, not a probability law.
    """
    x = np.asarray(x, dtype=float)
    return gaussian(x) * np.polynomial.hermite_e.hermeval(x, np.asarray(coefficients, dtype=float))


def corrected_cdf(x, coefficients: Sequence[float]) -> np.ndarray:
    """The integral of ``corrected_density`` up to ``x``; the integral of ``N He_k`` is ``-N He_(k-1)``."""
    from scipy.special import ndtr

    x, c = np.asarray(x, dtype=float), np.asarray(coefficients, dtype=float)
    tail = np.polynomial.hermite_e.hermeval(x, c[1:]) if c.size > 1 else 0.0
    return c[0] * ndtr(x) - gaussian(x) * tail


def gaussian(x: np.ndarray) -> np.ndarray:
    """The standard normal density."""
    return np.exp(-np.square(x) / 2) / math.sqrt(2 * math.pi)
