"""Random subspaces, paths between networks, and matching of their units."""

from toolkit.landscape.subspace import Projection, hadamard_transform, random_projection

__all__ = ["Projection", "hadamard_transform", "random_projection"]
