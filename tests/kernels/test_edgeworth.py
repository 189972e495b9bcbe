"""Cumulants and Hermite coefficients against known laws, quadrature and sampled networks."""

import math

import numpy as np
import pytest
from numpy.polynomial.hermite_e import hermeval
from scipy import stats
from scipy.integrate import quad

from toolkit.kernels import (
    corrected_cdf,
    corrected_density,
    cumulants,
    hermite_coefficients,
    standardized_sum,
    unit_cumulants,
)
from toolkit.kernels.edgeworth import weight_moment


def test_cumulants_of_known_laws():
    """Exponential: (k - 1)!; normal: mean, variance, then zero; Poisson: all equal to the mean."""
    exponential = cumulants([math.factorial(k) for k in range(1, 9)])
    assert exponential == pytest.approx([math.factorial(k - 1) for k in range(1, 9)])
    normal = cumulants([stats.norm.moment(k, 0.5, 2.0) for k in range(1, 9)])
    assert normal == pytest.approx([0.5, 4.0] + [0] * 6, abs=1e-9)
    assert cumulants([stats.poisson.moment(k, 1.3) for k in range(1, 6)]) == pytest.approx([1.3] * 5)


@pytest.mark.parametrize("law, frozen", [("normal", stats.norm()), ("uniform", stats.uniform(-(3**0.5), 2 * 3**0.5))])
def test_weight_moments_are_scipys(law, frozen):
    for k in range(9):
        assert weight_moment(law, k) == pytest.approx(frozen.moment(k) if k else 1.0, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("n", [1, 7, 64])
def test_relu_with_normal_weights_has_excess_kurtosis_15_over_n(n):
    """E phi^(2m) is half of a normal moment, which gives 15, 660 and 58590 for one unit."""
    kappa = standardized_sum(unit_cumulants("relu"), n)
    assert kappa == pytest.approx([0, 1, 0, 15 / n, 0, 660 / n**2, 0, 58590 / n**3], rel=1e-9)
    c = hermite_coefficients(kappa)
    assert c[4] == pytest.approx(15 / (24 * n), rel=1e-9)
    assert c[8] == pytest.approx((58590 / n**3 + 35 * (15 / n) ** 2) / math.factorial(8), rel=1e-9)
    assert c[[1, 2, 3, 5, 7]] == pytest.approx(0, abs=1e-12)


def test_products_of_two_weights():
    """Linear units: E (wu)^4 = E w^4 E u^4, that is 9 for normal weights and (9/5)^2 for uniform ones."""
    assert unit_cumulants("linear")[3] == pytest.approx(9 - 3)
    assert unit_cumulants("linear", "uniform")[3] == pytest.approx(81 / 25 - 3)
    # the product of two standard normal numbers has the cumulant generating function -log(1 - t^2) / 2
    wanted = [0, 1, 0, 6, 0, 120, 0, 5040]
    assert unit_cumulants("linear") == pytest.approx(wanted, rel=1e-9)


def test_variance_is_that_of_the_activation():
    """E relu^2 = 1/2; E erf(u)^2 = (2 / pi) arcsin(2/3) (Williams 1997, eq. 11)."""
    assert unit_cumulants("relu", highest=2)[1] == pytest.approx(0.5)
    assert unit_cumulants("erf", highest=2)[1] == pytest.approx(2 / math.pi * math.asin(2 / 3))


@pytest.mark.parametrize("law", [stats.laplace(scale=0.5**0.5), stats.gamma(9, loc=-3, scale=1 / 3), stats.norm()])
def test_coefficients_are_projections_of_the_density(law):
    """c_k = E[He_k] / k!, skewed laws included."""
    x = np.linspace(-40, 40, 400_001)  # the kink of the Laplace density at 0 is a node
    density = law.pdf(x) / law.pdf(x).sum()
    c = hermite_coefficients(cumulants([x**k @ density for k in range(1, 9)]))
    for k in range(9):
        wanted = hermeval(x, np.eye(9)[k]) @ density / math.factorial(k)
        assert c[k] == pytest.approx(wanted, rel=1e-6, abs=1e-10)


def test_series_comes_close_to_a_known_density():
    """A gamma law of shape 200, standardized; orders 1/sqrt(n) and 1/n shrink the error step by step."""
    shape = 200
    law = stats.gamma(shape, loc=-math.sqrt(shape), scale=1 / math.sqrt(shape))
    c = hermite_coefficients(cumulants([law.moment(k) for k in range(1, 7)]))
    x = np.linspace(-4, 4, 81)
    errors = [np.abs(corrected_density(x, c[:m]) - law.pdf(x)).max() for m in (1, 4, 7)]
    assert errors[0] > 5 * errors[1] and errors[1] > 2 * errors[2]


def test_distribution_function_is_the_integral_of_the_density():
    c = [1.0, 0.02, -0.01, 0.05, 0.03, 0.0, 0.004]
    for x in (-2.5, 0.0, 0.7, 3.0):
        area = quad(lambda y: float(corrected_density(y, c)), -12, x)[0]
        assert corrected_cdf(x, c) == pytest.approx(area, abs=1e-9)
    assert corrected_cdf([-30.0, 30.0], c) == pytest.approx([0, 1], abs=1e-12)
    assert corrected_cdf(0.3, [1.0]) == pytest.approx(stats.norm.cdf(0.3))


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda: unit_cumulants("sine"), "activation must be one of relu, tanh, erf, linear"),
        (lambda: unit_cumulants("relu", "cauchy"), "law must be one of normal, uniform"),
        (lambda: unit_cumulants("relu", highest=1), "highest must be at least 2"),
        (lambda: weight_moment("normal", -2), "order must not be negative"),
        (lambda: cumulants([]), "moments must be one or more finite"),
        (lambda: cumulants([0.0, math.nan]), "moments must be one or more finite"),
        (lambda: hermite_coefficients([math.inf]), "cumulants must be one or more finite"),
        (lambda: standardized_sum([0.0, 0.0], 3), "positive variance"),
        (lambda: standardized_sum([0.0, 1.0], 0), "terms must be at least 1"),
    ],
)
def test_refuses(call, words):
    with pytest.raises(ValueError, match=words):
        call()
