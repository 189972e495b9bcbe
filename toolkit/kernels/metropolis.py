"""Sampling from a density known up to a factor, such as a posterior of hyper-parameters."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor


def metropolis(
    log_density: Callable[[Tensor], Tensor],
    start: Tensor,
    steps: int,
    *,
    scale: float,
    generator: torch.Generator,
) -> Tensor:
    """Random-walk Metropolis chains, any number side by side.

    Args:
        log_density: ``[..., d]`` -> ``[...]``, up to a constant; minus infinity where there is no mass.
        start: ``[..., d]``, where the chains begin; a place of positive density.
        steps: proposals per chain.
        scale: standard deviation of a proposal in each coordinate.
        generator: source of randomness, on the CPU.

    Returns:
        ``[steps, ..., d]``, where the chains are after each step.

    Raises:
        ValueError: steps below 1, a scale that is not positive, or a start without density.

    Source: Metropolis et al. (1953), Journal of Chemical Physics 21, 1087.
    """
    if steps < 1 or not scale > 0:
        raise ValueError(f"steps must be at least 1 and scale positive; got {steps} and {scale}")
    here, now = start, log_density(start)
    if not bool(now.isfinite().all()):
        raise ValueError("log_density must be finite where the chains start")
    states = []
    for _ in range(steps):
        move = torch.randn(start.shape, generator=generator, dtype=start.dtype).to(start.device)
        there = here + scale * move
        then = log_density(there)
        accepted = torch.rand(now.shape, generator=generator, dtype=now.dtype).to(now.device).log() < then - now
        here, now = torch.where(accepted[..., None], there, here), torch.where(accepted, then, now)
        states.append(here)
    return torch.stack(states)
