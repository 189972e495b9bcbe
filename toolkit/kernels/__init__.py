"""Kernels of wide networks: closed forms of the infinite width, and what remains of chance at finite width."""

from toolkit.kernels.analytic import Kernels, infinite_kernels
from toolkit.kernels.edgeworth import (
    corrected_cdf,
    corrected_density,
    cumulants,
    hermite_coefficients,
    standardized_sum,
    unit_cumulants,
)
from toolkit.kernels.empirical import empirical_ntk
from toolkit.kernels.flow import kernel_flow
from toolkit.kernels.sampling import random_layers, sample_outputs

__all__ = [
    "Kernels",
    "corrected_cdf",
    "corrected_density",
    "cumulants",
    "empirical_ntk",
    "hermite_coefficients",
    "infinite_kernels",
    "kernel_flow",
    "random_layers",
    "sample_outputs",
    "standardized_sum",
    "unit_cumulants",
]
