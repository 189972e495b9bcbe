"""Second derivatives of a loss: products with vectors, whole matrices, leading eigenvalues, spectral density.

Everything here sees a network as a function of one flat vector of P parameters, or of ``[K, P]`` for the K members
of an ensemble. ``flatten`` turns a network into that form. A *product* is a function that multiplies a symmetric
matrix with vectors ``[..., P]`` (with members, ``[K, ..., P]``); what needs only products takes any such function.
"""

from toolkit.curvature.dense import as_matrix, gauss_newton, hessian
from toolkit.curvature.flat import flatten
from toolkit.curvature.lanczos import Eigenpairs, Lanczos, SpectralDensity, spectral_density, top_eigenvalues
from toolkit.curvature.products import gauss_newton_product, hessian_product

__all__ = [
    "Eigenpairs",
    "Lanczos",
    "SpectralDensity",
    "as_matrix",
    "flatten",
    "gauss_newton",
    "gauss_newton_product",
    "hessian",
    "hessian_product",
    "spectral_density",
    "top_eigenvalues",
]
