"""Kernels of wide networks, regression and flow with them, and how well a kernel suits a target."""

from toolkit.kernels.alignment import center_kernel, feature_alignment, kernel_alignment, kernel_target_alignment
from toolkit.kernels.analytic import Kernels, infinite_kernels
from toolkit.kernels.empirical import empirical_ntk
from toolkit.kernels.flow import kernel_flow
from toolkit.kernels.packing import pack_symmetric, unpack_symmetric
from toolkit.kernels.regression import kernel_regression

__all__ = [
    "Kernels",
    "center_kernel",
    "empirical_ntk",
    "feature_alignment",
    "infinite_kernels",
    "kernel_alignment",
    "kernel_flow",
    "kernel_regression",
    "kernel_target_alignment",
    "pack_symmetric",
    "unpack_symmetric",
]
