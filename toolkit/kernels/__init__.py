"""Kernels of wide networks: closed forms, what remains of chance at finite width, and spectra of large random data."""

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
from toolkit.kernels.random_matrix import (
    Spectrum,
    marchenko_pastur,
    marchenko_pastur_atom,
    marchenko_pastur_density,
    marchenko_pastur_resolvent,
    marchenko_pastur_support,
    ridge_error,
)
from toolkit.kernels.sampling import random_layers, sample_outputs

__all__ = [
    "Kernels",
    "Spectrum",
    "corrected_cdf",
    "corrected_density",
    "cumulants",
    "empirical_ntk",
    "hermite_coefficients",
    "infinite_kernels",
    "kernel_flow",
    "marchenko_pastur",
    "marchenko_pastur_atom",
    "marchenko_pastur_density",
    "marchenko_pastur_resolvent",
    "marchenko_pastur_support",
    "random_layers",
    "ridge_error",
    "sample_outputs",
    "standardized_sum",
    "unit_cumulants",
]
