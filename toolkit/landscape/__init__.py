"""Random subspaces, paths between networks, and matching of their units."""

from toolkit.landscape.interpolation import (
    Plane,
    barrier,
    bezier,
    heights,
    layer_masks,
    losses_at,
    plane_through,
    segment,
)
from toolkit.landscape.permutation import match_units, permute_units
from toolkit.landscape.subspace import Projection, hadamard_transform, random_projection

__all__ = [
    "Plane",
    "Projection",
    "barrier",
    "bezier",
    "hadamard_transform",
    "heights",
    "layer_masks",
    "losses_at",
    "match_units",
    "permute_units",
    "plane_through",
    "random_projection",
    "segment",
]
