"""Kernels of wide networks, in closed form and measured; the spectra of large random data."""

from toolkit.kernels.analytic import Kernels, infinite_kernels
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

__all__ = [
    "Kernels",
    "Spectrum",
    "empirical_ntk",
    "infinite_kernels",
    "kernel_flow",
    "marchenko_pastur",
    "marchenko_pastur_atom",
    "marchenko_pastur_density",
    "marchenko_pastur_resolvent",
    "marchenko_pastur_support",
    "ridge_error",
]
