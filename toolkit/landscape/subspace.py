"""Random subspaces of the parameters of an ensemble: few coordinates in, a displacement of all parameters out.

A network with D parameters that trains in a random subspace has the parameters ``start + P z`` with a fixed matrix P,
``[D, d]``, and trains z alone (Li et al. 2018, "Measuring the Intrinsic Dimension of Objective Landscapes",
arXiv 1804.08838, eq. 2). The columns of P have length 1, so that a step in z is as long as the step it makes in the
parameters. P is stored whole (``normalized``, ``orthonormal``), by its few entries that are not zero (``sparse``), or
not at all (``fastfood``: a chain of signs, permutations and Hadamard transforms).
"""

from __future__ import annotations

import math
import warnings
from abc import ABC, abstractmethod
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import normalize, pad

from toolkit.data.stack import member_generators

KINDS = ("normalized", "orthonormal", "sparse", "fastfood")


def random_projection(
    kind: str,
    parameters: int,
    directions: int,
    seeds: Sequence[int],
    *,
    device: torch.device | str = "cpu",
    dtype: torch.dtype = torch.float32,
) -> Projection:
    """K random matrices P, ``[D, d]`` each, one per seed, as a function from ``[K, ..., d]`` to ``[K, ..., D]``.

    Member k is drawn on the CPU from its own generator, seeded with ``seeds[k]``, so it does not depend on the others.
    Coordinates that are kept at zero confine a network to the remaining columns; so subspaces of several dimensions,
    each inside the next, need one matrix only.

    Args:
        kind: ``normalized`` (independent normal entries, columns scaled to length 1), ``orthonormal`` (the same
            subspace with an orthonormal basis), ``sparse`` (``round(sqrt(D))`` entries ``+-1 / sqrt(round(sqrt(D)))``
            in each column, at random places; after Li, Hastie and Church 2006, who draw each entry by itself), or
            ``fastfood`` (Le, Sarlos and Smola 2013, eq. 7, without their S, which gives rows a random length).
        parameters: D, of one network.
        directions: d.
        seeds: one per member.
        device, dtype: where and in which precision the result computes.

    Raises:
        ValueError: an unknown kind, no seed, or not ``1 <= directions <= parameters``.
    """
    classes = {"normalized": Dense, "orthonormal": Orthonormal, "sparse": Sparse, "fastfood": Fastfood}
    if kind not in classes:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}; got {kind!r}")
    generators = member_generators(seeds)
    if not 1 <= directions <= parameters:
        raise ValueError(f"directions must be between 1 and the {parameters} parameters; got {directions}")
    return classes[kind](parameters, directions, generators, device, dtype)


class Projection(ABC):
    """K linear maps from d coordinates to D parameters; made by ``random_projection``.

    Attributes:
        members, parameters, directions: K, D and d.
    """

    def __init__(self, parameters: int, directions: int, generators: list[torch.Generator], device, dtype):
        self.members, self.parameters, self.directions = len(generators), parameters, directions
        self.device, self.dtype = torch.device(device), dtype
        self._draw(generators)

    def __call__(self, z: Tensor) -> Tensor:
        """``P z`` for each member: ``[K, ..., d] -> [K, ..., D]``, differentiable.

        Raises:
            ValueError: ``z`` has another number of members or of coordinates.
        """
        return self._map(z, self.directions, self._apply, self._adjoint)

    def transpose(self, theta: Tensor) -> Tensor:
        """``P^T theta`` for each member: ``[K, ..., D] -> [K, ..., d]``, differentiable.

        Raises:
            ValueError: ``theta`` has another number of members or of parameters.
        """
        return self._map(theta, self.parameters, self._adjoint, self._apply)

    def matrix(self) -> Tensor:
        """All matrices whole, ``[K, D, d]``."""
        unit = torch.eye(self.directions, device=self.device, dtype=self.dtype)
        return self(unit.expand(self.members, -1, -1)).mT

    def _map(self, x: Tensor, size: int, forward, backward) -> Tensor:
        if x.ndim < 2 or x.shape[0] != self.members or x.shape[-1] != size:
            raise ValueError(f"expected [{self.members}, ..., {size}]; got {list(x.shape)}")
        found = _Linear.apply(x.reshape(self.members, -1, size), forward, backward)
        return found.view(*x.shape[:-1], found.shape[-1])

    @abstractmethod
    def _draw(self, generators: list[torch.Generator]) -> None:
        """Draws what describes the matrices."""

    @abstractmethod
    def _apply(self, z: Tensor) -> Tensor:
        """``[K, m, d] -> [K, m, D]``."""

    @abstractmethod
    def _adjoint(self, theta: Tensor) -> Tensor:
        """``[K, m, D] -> [K, m, d]``."""


class Dense(Projection):
    """Normal entries, columns of length 1."""

    def _draw(self, generators):
        shape = (self.directions, self.parameters)
        rows = [self._basis(torch.randn(shape, generator=g, dtype=self.dtype)) for g in generators]
        self._rows = torch.stack(rows).to(self.device)  # P^T, [K, d, D]

    @staticmethod
    def _basis(rows: Tensor) -> Tensor:
        return normalize(rows, dim=1)

    def _apply(self, z):
        return z @ self._rows

    def _adjoint(self, theta):
        return theta @ self._rows.mT


class Orthonormal(Dense):
    """An orthonormal basis of what the columns of ``Dense`` span."""

    @staticmethod
    def _basis(rows: Tensor) -> Tensor:
        return torch.linalg.qr(rows.mT)[0].mT.contiguous()


class Sparse(Projection):
    """About ``sqrt(D)`` entries of one size in each column; all members as one matrix with a block for each."""

    def _draw(self, generators):
        count = round(math.sqrt(self.parameters))
        places = torch.stack([_places(self.parameters, count, self.directions, g) for g in generators])  # [K, d, count]
        signs = torch.stack([torch.randint(2, places.shape[1:], generator=g) for g in generators])
        values = (2.0 * signs - 1).to(self.dtype).flatten() / math.sqrt(count)
        members, columns = self.members, self.members * self.directions
        target = (places + self.parameters * torch.arange(members)[:, None, None]).flatten()
        source = torch.arange(columns).repeat_interleave(count)
        order = target.argsort(stable=True)
        ends = torch.bincount(target, minlength=members * self.parameters).cumsum(0)
        shape = (members * self.parameters, columns)
        starts = torch.cat([torch.zeros(1, dtype=torch.long), ends])
        self._matrix = self._compressed(starts, source[order], values[order], shape)
        ordered = source * shape[0] + target
        order = ordered.argsort()
        starts = torch.arange(0, columns * count + 1, count)
        self._transpose = self._compressed(starts, target[order], values[order], shape[::-1])

    def _compressed(self, starts, places, values, shape) -> Tensor:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Sparse CSR tensor support is in beta")
            return torch.sparse_csr_tensor(starts, places, values, shape, check_invariants=True).to(self.device)

    def _apply(self, z):
        return self._times(self._matrix, z)

    def _adjoint(self, theta):
        return self._times(self._transpose, theta)

    def _times(self, matrix: Tensor, x: Tensor) -> Tensor:
        stacked = x.mT.reshape(-1, x.shape[1])  # [K * size, m]
        return (matrix @ stacked).view(self.members, -1, x.shape[1]).mT.contiguous()


class Fastfood(Projection):
    """Blocks ``H G Pi H B`` of side l, the power of two from d on, one above the other until they fill D rows.

    B holds signs, Pi is a permutation, G holds normal numbers, H is the Hadamard matrix with entries +-1. One factor
    makes all columns of the whole blocks equally long; if the last block is cut, they have length 1 on average. Two
    columns are nearly orthogonal: the square of their cosine averages 2 / D, against 1 / D for independent directions.
    """

    def _draw(self, generators):
        self._side = 1 << (self.directions - 1).bit_length()
        blocks = -(-self.parameters // self._side)
        shape = (blocks, self._side)
        signs = torch.stack([torch.randint(2, shape, generator=g) for g in generators])
        orders = [[torch.randperm(self._side, generator=g) for _ in range(blocks)] for g in generators]
        order = torch.stack([torch.stack(one) for one in orders])
        gains = torch.stack([torch.randn(shape, generator=g, dtype=self.dtype) for g in generators])
        # a column of a block has the squared length l |g|^2; the last block may lose some of its rows
        squares = gains.square().sum((1, 2)) * self.parameters / blocks
        self._signs = (2.0 * signs - 1).to(self.dtype).to(self.device)[:, None]  # [K, 1, blocks, l]
        self._gains = (gains / squares.sqrt()[:, None, None]).to(self.device)[:, None]
        offset = self._side * torch.arange(blocks)[:, None]
        self._order = (order + offset).flatten(1).to(self.device)[:, None]  # [K, 1, blocks * l]
        self._inverse = (order.argsort(dim=-1) + offset).flatten(1).to(self.device)[:, None]

    def _apply(self, z):
        x = hadamard_transform(self._signs * pad(z, (0, self._side - self.directions))[:, :, None])
        x = hadamard_transform(self._gains * self._permuted(x, self._order))
        return x.flatten(2)[..., : self.parameters]

    def _adjoint(self, theta):
        blocks = self._gains.shape[2]
        x = pad(theta, (0, blocks * self._side - self.parameters)).unflatten(2, (blocks, self._side))
        x = self._permuted(self._gains * hadamard_transform(x), self._inverse)
        return (self._signs * hadamard_transform(x)).sum(2)[..., : self.directions]

    @staticmethod
    def _permuted(x: Tensor, order: Tensor) -> Tensor:
        flat = x.flatten(2)
        return flat.gather(2, order.expand_as(flat)).view_as(x)


def hadamard_transform(x: Tensor) -> Tensor:
    """``H x`` along the last axis, where H is Sylvester's Hadamard matrix with entries +-1 (``scipy.linalg.hadamard``).

    A matrix of side ``a b`` is the Kronecker product of those of sides a and b, so that two products with small
    matrices do the work, ``[..., a, b] -> H_a x H_b``.

    Args:
        x: ``[..., l]``, l a power of two.

    Raises:
        ValueError: l is not a power of two.
    """
    side = x.shape[-1]
    if side < 1 or side & (side - 1):
        raise ValueError(f"the last axis must be a power of two; got {side}")
    outer = 1 << (side.bit_length() - 1) // 2
    left, right = (_hadamard(s, x) for s in (outer, side // outer))
    return (left @ (x.unflatten(-1, (outer, -1)) @ right)).flatten(-2)


def _hadamard(side: int, like: Tensor) -> Tensor:
    """Sylvester's Hadamard matrix, ``[side, side]``."""
    found = torch.ones(1, 1, dtype=like.dtype, device=like.device)
    while len(found) < side:
        found = torch.cat([torch.cat([found, found], 1), torch.cat([found, -found], 1)])
    return found


def _places(size: int, count: int, columns: int, generator: torch.Generator) -> Tensor:
    """``[columns, count]`` numbers below ``size``, all different within a column."""
    places = torch.randint(size, (columns, count), generator=generator)
    while True:
        ordered = places.sort(dim=1).values
        twice = (ordered[:, 1:] == ordered[:, :-1]).any(dim=1)
        if not twice.any():
            return places
        places[twice] = torch.randint(size, (int(twice.sum()), count), generator=generator)


class _Linear(torch.autograd.Function):
    """A linear map whose derivative is its adjoint."""

    @staticmethod
    def forward(x, forward, backward):
        return forward(x)

    @staticmethod
    def setup_context(ctx, inputs, output):
        _, ctx.map, ctx.adjoint = inputs

    @staticmethod
    def backward(ctx, gradient):
        return _Linear.apply(gradient, ctx.adjoint, ctx.map), None, None
