"""Masks by score and by chance, and how much they keep."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from toolkit.data.stack import member_generators

SCOPES = ("layer", "network")


def keep_largest(
    scores: Sequence[Tensor], share: float, *, scope: str = "layer", within: Sequence[Tensor] | None = None
) -> list[Tensor]:
    """Masks that keep the share of weights with the largest scores, for each network by itself.

    With magnitudes as scores this is magnitude pruning (Han et al. 2015, arXiv:1506.02626).

    Args:
        scores: one tensor ``[K, ...]`` per layer, such as ``w.abs()``.
        share: of all weights, kept ones and removed ones together, above 0 and at most 1. The number kept is rounded.
        scope: ``layer`` keeps this share of each layer, ``network`` of all layers together, whatever each layer loses.
        within: masks of what is left from before; what they have removed stays removed.

    Returns:
        Masks of the shape, type and device of the scores. Of equal scores at the edge some stay, so that the number
        is right.

    Raises:
        ValueError: no layer, a share or scope that is not allowed, layers with different numbers of networks, masks
            that do not fit, or ``within`` leaving fewer weights than are to be kept.
    """
    _check(scores)
    if not 0 < share <= 1:
        raise ValueError(f"share must be above 0 and at most 1; got {share}")
    if scope not in SCOPES:
        raise ValueError(f"scope must be one of {', '.join(SCOPES)}; got {scope!r}")
    flat = [s.flatten(1) for s in scores]
    if within is not None:
        if [m.shape for m in within] != [s.shape for s in scores]:
            raise ValueError("the masks in within must have the shapes of the scores")
        flat = [s.masked_fill(m.flatten(1) == 0, -torch.inf) for s, m in zip(flat, within)]
    groups = flat if scope == "layer" else [torch.cat(flat, dim=1)]
    kept = torch.cat([_top(group, round(share * group.shape[1])) for group in groups], dim=1)
    return [m.view_as(s) for m, s in zip(kept.split([s.shape[1] for s in flat], dim=1), scores)]


def _top(scores: Tensor, count: int) -> Tensor:
    """``[K, n]``: 1 at the ``count`` largest of each row."""
    largest = scores.topk(count, dim=1)
    if count and largest.values.min() == -torch.inf:
        raise ValueError(f"{count} weights are to be kept, but within has fewer left")
    return torch.zeros_like(scores).scatter_(1, largest.indices, 1.0)


def shuffled(masks: Sequence[Tensor], seeds: Sequence[int]) -> list[Tensor]:
    """Random masks that keep as many weights in each layer: the entries of each mask in a random order.

    Args:
        masks: one tensor ``[K, ...]`` per layer.
        seeds: one per network; its order depends on its seed alone, not on the device.

    Raises:
        ValueError: no layer, or not one seed per network.
    """
    _check(masks)
    if len(seeds) != len(masks[0]):
        raise ValueError(f"give one seed per network, {len(masks[0])}; got {len(seeds)}")
    generators = member_generators(seeds)
    found = []
    for mask in masks:
        flat = mask.flatten(1)
        order = torch.stack([torch.randperm(flat.shape[1], generator=g) for g in generators])
        found.append(flat.gather(1, order.to(mask.device)).view_as(mask))
    return found


def density(masks: Sequence[Tensor]) -> Tensor:
    """Share of weights that stay, ``[K]``, over all layers.

    Raises:
        ValueError: no layer, or layers with different numbers of networks.
    """
    _check(masks)
    kept = sum(m.flatten(1).double().sum(1) for m in masks)
    return (kept / sum(m[0].numel() for m in masks)).float()


def _check(layers: Sequence[Tensor]) -> None:
    if not layers or any(layer.ndim < 2 for layer in layers) or len({len(layer) for layer in layers}) != 1:
        raise ValueError(
            f"give at least one layer, each [K, ...] with the same K; got {[list(layer.shape) for layer in layers]}"
        )
