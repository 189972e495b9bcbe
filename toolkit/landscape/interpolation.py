"""Losses on lines, curves and planes through networks.

A network is a flat vector of P parameters, as from ``toolkit.curvature.flatten``. Any axes before the last hold many
networks, or many pairs of them, at once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.func import vmap

from toolkit.models import Ensemble

CHUNK = 64  # networks evaluated at once


def segment(start: Tensor, end: Tensor, t: Tensor) -> Tensor:
    """Points ``(1 - t) start + t end`` on the straight line between networks.

    Args:
        start, end: ``[..., P]``.
        t: ``[m]``, shares of the way; outside of 0 and 1 the line goes on.

    Returns:
        ``[..., m, P]``.

    Raises:
        ValueError: ends of different shapes, or t not a list of numbers.
    """
    _same(start=start, end=end)
    t = _shares(t, start)
    return start[..., None, :] + t[:, None] * (end - start)[..., None, :]


def bezier(start: Tensor, bend: Tensor, end: Tensor, t: Tensor) -> Tensor:
    """Points ``(1 - t)^2 start + 2 t (1 - t) bend + t^2 end`` of a quadratic Bezier curve (Garipov et al. 2018, eq. 4).

    Args:
        start, bend, end: ``[..., P]``. The curve starts towards the bend and does not reach it.
        t: ``[m]``.

    Returns:
        ``[..., m, P]``.

    Raises:
        ValueError: networks of different shapes, or t not a list of numbers.
    """
    _same(start=start, bend=bend, end=end)
    t = _shares(t, start)[:, None]
    return (1 - t) ** 2 * start[..., None, :] + 2 * t * (1 - t) * bend[..., None, :] + t**2 * end[..., None, :]


@torch.no_grad()
def losses_at(loss: Callable[[Tensor], Tensor], points: Tensor, *, chunk: int = CHUNK) -> Tensor:
    """The loss of many networks: ``[..., P]`` -> ``[...]``.

    Args:
        loss: ``loss(vector)`` of one network ``[P]``, a scalar.
        points: the networks.
        chunk: how many are computed at once; fewer take less memory.

    Raises:
        ValueError: chunk below 1, a loss that is no scalar.
    """
    if chunk < 1:
        raise ValueError(f"chunk must be at least 1; got {chunk}")
    found = vmap(loss, chunk_size=chunk)(points.reshape(-1, points.shape[-1]))
    if found.ndim != 1:
        raise ValueError(f"loss must give a scalar for each network; got {list(found.shape[1:])}")
    return found.view(points.shape[:-1])


def heights(t: Tensor, losses: Tensor) -> Tensor:
    """How far a loss lies above the straight line between its values at both ends.

    Args:
        t: ``[m]``, shares of the way, from 0 to 1.
        losses: ``[..., m]``.

    Returns:
        ``[..., m]``, zero at the ends, negative where the loss sags.

    Raises:
        ValueError: shares that do not run from 0 to 1, or another number of losses.
    """
    t = _shares(t, losses)
    if len(t) < 2 or t[0] != 0 or t[-1] != 1:
        raise ValueError("t must run from 0 to 1; its first or last value is another")
    if losses.shape[-1] != len(t):
        raise ValueError(f"losses must be [..., {len(t)}], one for each t; got {list(losses.shape)}")
    return losses - (1 - t) * losses[..., :1] - t * losses[..., -1:]


def barrier(t: Tensor, losses: Tensor) -> Tensor:
    """The largest height: ``[m]``, ``[..., m]`` -> ``[...]`` (Entezari et al. 2022, definition 2.3).

    Zero if the loss never rises above the line between its ends. Raises what ``heights`` raises.
    """
    return heights(t, losses).amax(dim=-1)


def layer_masks(model: nn.Module) -> tuple[list[str], Tensor]:
    """Which entries of a network's flat vector belong to which layer.

    Args:
        model: an ``MLP`` or ``Ensemble`` of K members, or any other module, taken as one network.

    Returns:
        names of the L layers in the order of the network, and ``[L, P]`` of ones and zeros. For an ``MLP`` layer i is
        ``weights.i`` with ``biases.i``, and so it is for a ``CNN``; elsewhere a layer is a module with parameters of
        its own, named by its path.

    ``start + t * mask * (end - start)`` then moves one layer alone.
    """
    if isinstance(model, Ensemble):
        named = [(name, p[0]) for name, p in model.named_members().items()]
    else:
        members = hasattr(model, "members")
        named = [(name, p[0] if members else p) for name, p in model.named_parameters()]
    labels = []
    for name, _ in named:
        owner, _, own = name.rpartition(".")
        labels.append(f"layer {int(own) + 1}" if owner in ("weights", "biases") else owner or name)
    layers = list(dict.fromkeys(labels))
    which = torch.cat([torch.full((p.numel(),), layers.index(label)) for label, (_, p) in zip(labels, named)])
    first = named[0][1]
    masks = which == torch.arange(len(layers))[:, None]
    return layers, masks.to(first)


@dataclass(frozen=True)
class Plane:
    """A plane through three networks.

    Attributes:
        origin: ``[P]``, the first of the three.
        axes: ``[2, P]``, orthonormal; the first points from the first network to the second.
        corners: ``[3, 2]``, where the three lie on the plane, in units of distance between parameters.
    """

    origin: Tensor
    axes: Tensor
    corners: Tensor

    def points(self, u: Tensor, v: Tensor) -> Tensor:
        """The networks on a grid: ``[m]`` and ``[n]`` coordinates along the axes -> ``[n, m, P]``."""
        return self.origin + u[None, :, None] * self.axes[0] + v[:, None, None] * self.axes[1]

    def coordinates(self, vectors: Tensor) -> Tensor:
        """Where networks lie when dropped onto the plane at right angles: ``[..., P]`` -> ``[..., 2]``."""
        return (vectors - self.origin) @ self.axes.T


def plane_through(first: Tensor, second: Tensor, third: Tensor) -> Plane:
    """The plane through three networks ``[P]`` (Garipov et al. 2018, appendix A.3).

    Raises:
        ValueError: networks of different shapes, or three that lie on one line.
    """
    _same(first=first, second=second, third=third)
    if first.ndim != 1:
        raise ValueError(f"a plane goes through three networks [P]; got {list(first.shape)}")
    across, up = second - first, third - first
    width = across.norm()
    one = across / width
    shift = up @ one
    rest = up - shift * one
    height = rest.norm()
    if not (width > 0 and height > 1e-6 * up.norm()):
        raise ValueError("the three networks lie on one line; a plane needs three that do not")
    zero = torch.zeros_like(width)
    corners = torch.stack([zero, zero, width, zero, shift, height]).view(3, 2)
    return Plane(first, torch.stack([one, rest / height]), corners)


def _same(**networks: Tensor) -> None:
    (name, first), *others = networks.items()
    for other, vectors in others:
        if vectors.shape != first.shape:
            raise ValueError(f"{name} and {other} must have one shape; got {list(first.shape)}, {list(vectors.shape)}")


def _shares(t: Tensor, like: Tensor) -> Tensor:
    if not isinstance(t, Tensor) or t.ndim != 1 or len(t) == 0:
        raise ValueError("t must be a tensor [m] of at least one share of the way")
    return t.to(like)
