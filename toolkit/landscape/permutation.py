"""Renumbering the hidden units of a fully connected network, and matching those of two networks.

Networks are flat vectors ``[P]``, or ``[K, P]``, in the order of ``toolkit.curvature.flatten`` for an ``MLP``: all
weight matrices ``[in, out]``, then all biases.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

SEED = 715827883  # for the order in which layers are matched
MOST = 100  # passes over all layers; a handful is usual


def permute_units(sizes: Sequence[int], vectors: Tensor, permutations: Sequence[Tensor]) -> Tensor:
    """The same functions with their hidden units in another order.

    Args:
        sizes: units of each layer, input first, as for ``MLP``.
        vectors: ``[P]`` or ``[K, P]``.
        permutations: one for each hidden layer, ``[units]`` or ``[K, units]``: new unit j is the old unit
            ``permutations[layer][j]``.

    Returns:
        Vectors of the same shape.

    Raises:
        ValueError: vectors that do not fit the sizes, another number of permutations, or one that is none.
    """
    single = vectors.ndim == 1
    weights, biases = _layers(sizes, vectors)
    hidden = sizes[1:-1]
    if len(permutations) != len(hidden):
        raise ValueError(f"permutations must have one entry per hidden layer, {len(hidden)}; got {len(permutations)}")
    for layer, (units, order) in enumerate(zip(hidden, permutations)):
        order = order.to(vectors.device).expand(len(weights[0]), -1)
        wanted = torch.arange(units, device=vectors.device).expand_as(order) if order.shape[-1] == units else None
        if wanted is None or (order.sort(dim=-1).values != wanted).any():
            raise ValueError(f"permutations[{layer}] must name each of the {units} units once")
        weights[layer] = _along(weights[layer], order, 2)
        biases[layer] = biases[layer].gather(1, order)
        weights[layer + 1] = _along(weights[layer + 1], order, 1)
    found = torch.cat([p.flatten(1) for p in [*weights, *biases]], dim=1)
    return found[0] if single else found


def match_units(sizes: Sequence[int], reference: Tensor, other: Tensor, *, most: int = MOST) -> list[Tensor]:
    """Orders of the other network's hidden units that bring its weights close to the reference.

    Weight matching (Ainsworth, Hayase and Srinivasa 2023, algorithm 1): one hidden layer at a time, with the others
    held fixed, the best order is a linear assignment problem, solved exactly by scipy. This is repeated, in a random
    sequence of layers, until no layer changes. With one hidden layer the result is the best there is; with more, it
    need not be.

    Args:
        sizes: units of each layer, input first, as for ``MLP``.
        reference, other: ``[P]`` or ``[K, P]``; the k-th of one is matched with the k-th of the other.
        most: passes over all layers after which it stops.

    Returns:
        Permutations for ``permute_units``, on the networks' device, ``[units]`` or ``[K, units]`` each.

    Raises:
        ValueError: networks that do not fit the sizes or each other, no pass.
    """
    if reference.shape != other.shape:
        raise ValueError(f"both must have one shape; got {list(reference.shape)}, {list(other.shape)}")
    if most < 1:
        raise ValueError(f"most must be at least 1; got {most}")
    mine, theirs = (_as_arrays(sizes, part) for part in (reference, other))
    members = len(mine[0][0])
    orders = [
        _match([(w[k], b[k]) for w, b in mine], [(w[k], b[k]) for w, b in theirs], most, SEED + k)
        for k in range(members)
    ]
    stacked = [torch.as_tensor(np.stack(layer), device=other.device) for layer in zip(*orders)]
    return [layer[0] for layer in stacked] if other.ndim == 1 else stacked


def _match(mine, theirs, most: int, seed: int) -> list[np.ndarray]:
    """For one pair: layers are ``(weight [in, out], bias [out])``."""
    from scipy.optimize import linear_sum_assignment

    orders = [np.arange(len(bias)) for _, bias in theirs[:-1]]
    # the input's and the output's units keep their places
    places = [np.arange(len(theirs[0][0])), *orders, np.arange(len(theirs[-1][1]))]
    generator = np.random.default_rng(seed)
    for _ in range(most):
        changed = False
        for layer in generator.permutation(len(orders)):
            (into, bias), (out, _) = theirs[layer], theirs[layer + 1]
            similar = mine[layer][0].T @ into[places[layer]]  # [my units, their units]
            similar += np.outer(mine[layer][1], bias)
            similar += mine[layer + 1][0] @ out[:, places[layer + 2]].T
            order = linear_sum_assignment(similar, maximize=True)[1]
            units = np.arange(len(order))
            old = places[layer + 1]
            gain = similar[units, order].sum() - similar[units, old].sum()
            if gain > 1e-9 * np.abs(similar).max():
                places[layer + 1], changed = order, True
        if not changed:
            break
    return places[1:-1]


def _layers(sizes: Sequence[int], vectors: Tensor) -> tuple[list[Tensor], list[Tensor]]:
    """Weights ``[K, in, out]`` and biases ``[K, out]``."""
    pairs = list(zip(sizes, sizes[1:]))
    lengths = [i * o for i, o in pairs] + [o for _, o in pairs]
    if vectors.ndim not in (1, 2) or vectors.shape[-1] != sum(lengths):
        raise ValueError(f"networks of sizes {list(sizes)} are [..., {sum(lengths)}]; got {list(vectors.shape)}")
    parts = (vectors[None] if vectors.ndim == 1 else vectors).split(lengths, dim=1)
    return [part.unflatten(1, pair) for part, pair in zip(parts, pairs)], list(parts[len(pairs) :])


def _as_arrays(sizes, vectors: Tensor) -> list[tuple[np.ndarray, np.ndarray]]:
    weights, biases = _layers(sizes, vectors.detach().cpu().double())
    return [(w.numpy(), b.numpy()) for w, b in zip(weights, biases)]


def _along(weights: Tensor, order: Tensor, axis: int) -> Tensor:
    """Weights ``[K, in, out]`` with one axis reordered for each member."""
    index = order[:, None, :] if axis == 2 else order[:, :, None]
    return weights.gather(axis, index.expand_as(weights))
