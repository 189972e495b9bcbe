"""Kernels of wide and finite networks, regression and flow with them, their fit to a target, random matrices."""

from toolkit.kernels.alignment import center_kernel, feature_alignment, kernel_alignment, kernel_target_alignment
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
from toolkit.kernels.marginal import HyperPrior, NormalMixture, predict_labels
from toolkit.kernels.metropolis import metropolis
from toolkit.kernels.packing import pack_symmetric, unpack_symmetric
from toolkit.kernels.posterior import GaussianPosterior, gaussian_posterior
from toolkit.kernels.random_matrix import (
    Spectrum,
    marchenko_pastur,
    marchenko_pastur_atom,
    marchenko_pastur_density,
    marchenko_pastur_resolvent,
    marchenko_pastur_support,
    ridge_error,
)
from toolkit.kernels.regression import kernel_regression
from toolkit.kernels.sampling import random_layers, sample_outputs
from toolkit.kernels.span import relu_readout_error

__all__ = [
    "GaussianPosterior",
    "HyperPrior",
    "Kernels",
    "NormalMixture",
    "Spectrum",
    "center_kernel",
    "corrected_cdf",
    "corrected_density",
    "cumulants",
    "empirical_ntk",
    "feature_alignment",
    "gaussian_posterior",
    "hermite_coefficients",
    "infinite_kernels",
    "kernel_alignment",
    "kernel_flow",
    "kernel_regression",
    "kernel_target_alignment",
    "marchenko_pastur",
    "marchenko_pastur_atom",
    "marchenko_pastur_density",
    "marchenko_pastur_resolvent",
    "marchenko_pastur_support",
    "metropolis",
    "pack_symmetric",
    "predict_labels",
    "random_layers",
    "relu_readout_error",
    "ridge_error",
    "sample_outputs",
    "standardized_sum",
    "unit_cumulants",
    "unpack_symmetric",
]
