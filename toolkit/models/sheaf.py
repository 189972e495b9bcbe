"""K sheaf diffusion networks side by side."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import dropout, elu

from toolkit.graphs.sheaf import block_degrees, inverse_root, sheaf_difference
from toolkit.models.mlp import MLP

KINDS = ("identity", "diagonal", "rotation", "general")


class SheafDiffusion(nn.Module):
    """K sheaf diffusion networks of the same shape, one per seed (Bodnar et al. 2022, section 4).

    An encoder gives each node v a matrix ``X_v [d, f]``. Each layer computes restriction maps for the ends of every
    edge, and with the sheaf Laplacian ``Delta`` of these maps ``X <- X - elu(Delta (I x W1) X W2)``, where W1 is
    ``[d, d]`` and acts on the stalk, and W2 is ``[f, f]``. A linear decoder follows. The map of node v on the edge to u
    is ``tanh(V [x_v, x_u])``, as a diagonal or a whole matrix, or the rotation ``(I - S)^-1 (I + S)`` of a
    skew-symmetric S. Degrees are counted with a one added, ``(D + I)^-1/2 L (D + I)^-1/2``, which keeps small maps
    harmless.

    Args:
        inputs: features of a node.
        classes: outputs.
        seeds: one per member.
        edges: ``[2, E]`` int64, each undirected edge once, the same graph for all members; or one such tensor for each.
        nodes: n, of each graph.
        stalk: d.
        channels: f.
        depth: number of layers.
        kind: of maps: ``identity`` (the trivial sheaf), ``diagonal``, ``rotation`` or ``general``.
        drop: share of numbers set to zero, before the encoder and in each layer, while training; between 0 and 1.
        device: where the parameters live.

    Raises:
        ValueError: numbers outside their range, another kind, or edges that do not fit.
    """

    def __init__(
        self,
        inputs: int,
        classes: int,
        seeds: Sequence[int],
        edges: Tensor | Sequence[Tensor],
        nodes: int,
        *,
        stalk: int = 3,
        channels: int = 16,
        depth: int = 2,
        kind: str = "diagonal",
        drop: float = 0.0,
        device: torch.device | str = "cpu",
    ):
        super().__init__()
        if kind not in KINDS:
            raise ValueError(f"kind must be one of {', '.join(KINDS)}; got {kind!r}")
        if not 0 <= drop < 1:
            raise ValueError(f"drop must be at least 0 and below 1; got {drop}")
        if min(stalk, channels, depth) < 1:
            raise ValueError(f"stalk, channels and depth must be at least 1; got {stalk}, {channels} and {depth}")
        K = len(seeds)
        each = [edges] * K if isinstance(edges, Tensor) else list(edges)
        if len(each) != K or any(e.ndim != 2 or e.shape[0] != 2 for e in each):
            raise ValueError(f"edges must be [2, E], or one such tensor for each of {K} members")
        self.members, self.nodes, self.depth, self.kind, self.drop = K, nodes, depth, kind, drop
        self.shape = (stalk, channels)
        width = stalk * channels
        numbers = {"identity": 0, "diagonal": stalk, "rotation": stalk * (stalk - 1) // 2, "general": stalk**2}[kind]
        # the members' graphs side by side, as one graph of K n nodes
        self.register_buffer("edges", torch.cat([e.to(device) + k * nodes for k, e in enumerate(each)], dim=1))
        drawn = MLP([inputs, width, classes], seeds, device=device)
        self.encoder, self.decoder = drawn.weights
        self.encoder_bias, self.decoder_bias = drawn.biases
        sources = [torch.Generator().manual_seed(seed) for seed in seeds]
        self.maps = nn.ParameterList()
        if numbers:
            self.maps = _drawn([(width, 2 * numbers)] * depth, sources, (2 * width) ** -0.5, device)
        self.left = _near_identity(depth, stalk, K, device)
        self.right = _drawn([(channels, channels)] * depth, sources, channels**-0.5, device)

    def layers(self, x: Tensor) -> list[Tensor]:
        """What the encoder and each layer give, ``depth + 1`` tensors ``[K, n, d f]``.

        Args:
            x: features ``[n, inputs]``, the same for all members, or ``[K, n, inputs]``.
        """
        h = x.expand(self.members, *x.shape) if x.ndim == 2 else x
        h = dropout(h, self.drop, self.training) @ self.encoder + self.encoder_bias
        h = elu(h)
        outputs = [h]
        d, f = self.shape
        for layer in range(self.depth):
            maps = self.restriction_maps(h, layer)
            # W1 X W2 for all nodes at once, as one product with a matrix [d f, d f]
            both = torch.einsum("kji,kab->kiajb", self.left[layer], self.right[layer]).reshape(-1, d * f, d * f)
            changed = dropout(h, self.drop, self.training) @ both
            h = h - elu(self._laplacian(maps, changed.unflatten(-1, (d, f)))).flatten(2)
            outputs.append(h)
        return outputs

    def forward(self, x: Tensor) -> Tensor:
        """``[n, inputs]`` or ``[K, n, inputs]`` -> ``[K, n, classes]``."""
        h = dropout(self.layers(x)[-1], self.drop, self.training)
        return h @ self.decoder + self.decoder_bias

    def restriction_maps(self, h: Tensor, layer: int) -> Tensor:
        """The maps of one layer, from its input ``[K, n, d f]``.

        Returns:
            ``[edges of all members, 2, d]`` for diagonal and identity maps, else ``[edges of all members, 2, d, d]``.
        """
        d, tails, heads = self.shape[0], *self.edges
        if self.kind == "identity":
            return h.new_ones(self.edges.shape[1], 2, d)
        own, other = (h @ self.maps[layer]).flatten(0, 1).chunk(2, dim=-1)
        found = torch.tanh(torch.stack([own.index_select(0, i) + other.index_select(0, j) for i, j in ((tails, heads), (heads, tails))], 1))
        if self.kind == "diagonal":
            return found
        if self.kind == "general":
            return found.unflatten(-1, (d, d))
        rows, columns = torch.triu_indices(d, d, 1, device=h.device)
        skew = found.new_zeros(*found.shape[:2], d, d)
        skew[..., rows, columns] = found
        skew = skew - skew.mT
        eye = torch.eye(d, dtype=h.dtype, device=h.device)
        return torch.linalg.solve(eye - skew, eye + skew)

    def _laplacian(self, maps: Tensor, x: Tensor) -> Tensor:
        flat = x.flatten(0, 1)
        degrees = block_degrees(self.edges, maps, len(flat)) if self.kind != "rotation" else None
        if self.kind == "general":
            root = inverse_root(degrees + torch.eye(self.shape[0], dtype=x.dtype, device=x.device))
            return (root @ sheaf_difference(self.edges, maps, root @ flat)).view_as(x)
        if degrees is None:
            counts = torch.bincount(self.edges.flatten(), minlength=len(flat))
            degrees = counts[:, None].to(x.dtype)
        root = (degrees + 1).rsqrt()[..., None]
        return (root * sheaf_difference(self.edges, maps, root * flat)).view_as(x)


def _drawn(shapes, sources, scale, device) -> nn.ParameterList:
    """One parameter ``[K, rows, columns]`` per shape, normal, each member's numbers from its own source."""
    return nn.ParameterList(
        torch.stack([scale * torch.randn(shape, generator=source) for source in sources]).to(device) for shape in shapes
    )


def _near_identity(depth, size, members, device) -> nn.ParameterList:
    return nn.ParameterList(torch.eye(size, device=device).repeat(members, 1, 1) for _ in range(depth))
