"""Choosing which weights stay: masks by score or by chance, searches, sums from random pools.

Masks are lists with one tensor ``[K, ...]`` per layer, of the shape of its weights, holding 0 and 1 in the weights'
type, so that they multiply. K networks side by side never influence each other.
"""

from toolkit.pruning.edge_popup import EdgePopup
from toolkit.pruning.masks import density, keep_largest, shuffled
from toolkit.pruning.neurons import greedy_neurons
from toolkit.pruning.pools import subset_sum

__all__ = ["EdgePopup", "density", "greedy_neurons", "keep_largest", "shuffled", "subset_sum"]
