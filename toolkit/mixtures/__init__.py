"""Mixtures: clusters, hidden labels, and how they are found."""

from toolkit.mixtures.belief import Belief, belief_propagation, count_messages, pair_messages, side_by_side

__all__ = ["Belief", "belief_propagation", "count_messages", "pair_messages", "side_by_side"]
