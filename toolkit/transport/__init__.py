"""Transport: from one cloud of points to another, along random or straight paths."""

from toolkit.transport.bridge import LightBridge, member_noise
from toolkit.transport.gaussian import GaussianPlan, gaussian_plan
from toolkit.transport.metrics import bures_wasserstein, square_root, unexplained_variance
from toolkit.transport.sde import euler_maruyama
from toolkit.transport.sinkhorn import SinkhornPlan, sinkhorn_plan

__all__ = [
    "GaussianPlan",
    "LightBridge",
    "SinkhornPlan",
    "bures_wasserstein",
    "euler_maruyama",
    "gaussian_plan",
    "member_noise",
    "sinkhorn_plan",
    "square_root",
    "unexplained_variance",
]
