"""Transport: from one cloud of points to another, along random or straight paths."""

__all__: list[str] = []
