"""Kernels of wide networks: closed forms of the infinite width, and the tangent kernel of finite networks."""

from toolkit.kernels.analytic import Kernels, infinite_kernels
from toolkit.kernels.empirical import empirical_ntk
from toolkit.kernels.flow import kernel_flow

__all__ = ["Kernels", "empirical_ntk", "infinite_kernels", "kernel_flow"]
