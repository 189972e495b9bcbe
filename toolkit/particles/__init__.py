"""Particles: stochastic motion, its steady state and its entropy production."""

__all__: list[str] = []
