"""Spins: networks of binary units, their dynamics and their theory."""

__all__: list[str] = []
