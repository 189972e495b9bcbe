"""Transport: from one cloud of points to another, along random or straight paths."""

from toolkit.transport.matching import VelocityNet, flow_batches
from toolkit.transport.paths import (
    Schedule,
    conditional_ot,
    ddim,
    euler,
    kinetic_energy,
    marginal_velocity,
    on_sphere,
    polar_energy,
    posterior_mean,
    tabulated,
    variance_preserving,
)

__all__ = [
    "Schedule",
    "VelocityNet",
    "conditional_ot",
    "ddim",
    "euler",
    "flow_batches",
    "kinetic_energy",
    "marginal_velocity",
    "on_sphere",
    "polar_energy",
    "posterior_mean",
    "tabulated",
    "variance_preserving",
]
