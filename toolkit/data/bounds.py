"""Refusals of numbers outside their range, in one form of words."""

from __future__ import annotations


def at_least(bound: float, **numbers: float) -> None:
    """Refuses a number below the bound, or nan: ``at_least(1, n=n, classes=classes)``.

    Raises:
        ValueError: ``n must be at least 1; got 0``.
    """
    for name, number in numbers.items():
        if not number >= bound:
            raise ValueError(f"{name} must be at least {bound}; got {number}")


def between(low: float, high: float, **numbers: float) -> None:
    """Refuses a number outside ``[low, high]``, or nan.

    Raises:
        ValueError: ``flip must be between 0 and 1; got 2``.
    """
    for name, number in numbers.items():
        if not low <= number <= high:
            raise ValueError(f"{name} must be between {low} and {high}; got {number}")


def above(bound: float, **numbers: float) -> None:
    """Refuses a number that is not larger than the bound, or nan.

    Raises:
        ValueError: ``scale must be above 0; got -1``.
    """
    for name, number in numbers.items():
        if not number > bound:
            raise ValueError(f"{name} must be above {bound}; got {number}")
