"""Random walks, all walkers at once."""

from __future__ import annotations

import torch
from torch import Tensor

OFFERS = 4  # steps offered to a walker in each round of rejection
ROUNDS = 10_000  # more than any sensible p and q need


def random_walks(
    adjacency: Tensor,
    starts: Tensor,
    length: int,
    *,
    p: float = 1.0,
    q: float = 1.0,
    generator: torch.Generator,
) -> Tensor:
    """Walks that step to a neighbour with probability proportional to the edge's weight.

    With p or q other than 1 these are node2vec's walks (Grover and Leskovec 2016, section 3.2.2): coming
    from t, the weight of a step to x is divided by p if x = t, and by q if x is not a neighbour of t. Steps
    are drawn by rejection, so nothing is stored per edge. A walker on a node without edges stays there.

    Args:
        adjacency: ``[n, n]`` sparse CSR tensor with sorted columns (see ``sparse_tensor``), weights positive.
        starts: ``[W]`` int64, the first node of each walk.
        length: nodes in a walk, the first included.
        p: return parameter; a large one keeps walks from turning back.
        q: in-out parameter; a large one keeps walks near where they came from.
        generator: source of randomness, on the CPU, so that a walk does not depend on the device.

    Returns:
        ``[W, length]`` int64 on the device of the adjacency.

    Raises:
        ValueError: not a square CSR tensor, a start that is no node, a length below 1, p or q not positive.
    """
    if adjacency.layout != torch.sparse_csr or adjacency.shape[0] != adjacency.shape[1]:
        raise ValueError("adjacency must be a square sparse CSR tensor, as sparse_tensor makes it")
    n, device = adjacency.shape[0], adjacency.device
    if starts.ndim != 1 or (len(starts) and not 0 <= int(starts.min()) <= int(starts.max()) < n):
        raise ValueError(f"starts must be a list of nodes between 0 and {n - 1}")
    if length < 1:
        raise ValueError(f"length must be at least 1; got {length}")
    if not (p > 0 and q > 0):
        raise ValueError(f"p and q must be positive; got {p} and {q}")
    if not len(adjacency.values()):
        return starts.to(device)[:, None].repeat(1, length)
    step = _Stepper(adjacency, generator)
    walk = torch.empty(length, len(starts), dtype=torch.int64, device=device)
    walk[0] = starts.to(device)
    second_order = p != 1 or q != 1
    for i in range(1, length):
        if second_order and i > 1:
            walk[i] = step.biased(walk[i - 2], walk[i - 1], p, q)
        else:
            walk[i] = step.plain(walk[i - 1])
    return walk.T.contiguous()


class _Stepper:
    """Draws neighbours on one graph."""

    def __init__(self, adjacency: Tensor, generator: torch.Generator):
        self.first = adjacency.crow_indices()
        self.neighbours = adjacency.col_indices()
        self.generator = generator
        self.n = adjacency.shape[0]
        self.degree = self.first.diff()
        weights = adjacency.values().double()
        self.even = bool((weights == weights[:1]).all())
        if not self.even:  # row i owns an interval of the line of all weights
            self.ends = weights.cumsum(0)
            self.borders = torch.cat([self.ends.new_zeros(1), self.ends])[self.first]
        rows = torch.repeat_interleave(torch.arange(self.n, device=adjacency.device), self.degree)
        self.keys = rows * self.n + self.neighbours  # sorted, one per stored entry

    def uniform(self, count: int) -> Tensor:
        return torch.rand(count, generator=self.generator, dtype=torch.float64).to(self.first.device)

    def plain(self, here: Tensor) -> Tensor:
        """One step from each node of ``here [W]``."""
        u, degree, first = self.uniform(len(here)), self.degree[here], self.first[here]
        if self.even:
            entry = first + (u * degree).long()
        else:
            low, high = self.borders[here], self.borders[here + 1]
            entry = torch.searchsorted(self.ends, low + u * (high - low), right=True)
        last = first + degree - 1
        entry = torch.minimum(torch.maximum(entry, first), last).clamp(min=0)  # rounding at a row's border
        return torch.where(degree == 0, here, self.neighbours[entry])

    def linked(self, a: Tensor, b: Tensor) -> Tensor:
        """Whether a and b are neighbours, ``[W]``."""
        key = a * self.n + b
        place = torch.searchsorted(self.keys, key).clamp(max=max(len(self.keys) - 1, 0))
        return self.keys[place] == key

    def biased(self, before: Tensor, here: Tensor, p: float, q: float) -> Tensor:
        """One step of node2vec from ``here``, having come from ``before``."""
        most = max(1.0, 1 / p, 1 / q)
        there = here.clone()
        waiting = torch.arange(len(here), device=here.device)
        for _ in range(ROUNDS):
            if not len(waiting):
                return there
            came = before[waiting].repeat(OFFERS)
            offer = self.plain(here[waiting].repeat(OFFERS))
            far = torch.where(self.linked(came, offer), 1.0, 1 / q)
            bias = torch.where(offer == came, 1 / p, far)
            accepted = (self.uniform(len(offer)) * most < bias).view(OFFERS, -1)
            taken = accepted.any(0)
            first = offer.view(OFFERS, -1).gather(0, accepted.byte().argmax(0, keepdim=True))[0]
            there[waiting[taken]] = first[taken]
            waiting = waiting[~taken]
        raise RuntimeError(f"p = {p} and q = {q} reject nearly every step; bring them closer to 1")
