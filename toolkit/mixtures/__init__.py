"""Mixtures: clusters, hidden labels, and how they are found."""

__all__: list[str] = []
