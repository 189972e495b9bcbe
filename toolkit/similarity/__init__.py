"""Similarity: what two networks' representations have in common."""

__all__: list[str] = []
