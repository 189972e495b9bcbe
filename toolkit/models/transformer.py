"""A small transformer: blocks of attention and dense layers in plain torch, any mask, any encoding of positions."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from toolkit.models.activations import activation_named

ACTIVATIONS = ("gelu", "relu")
POSITIONS = ("learned", "sinusoidal", None)
SHORT = 32  # up to this length, torch takes a softmax over the last axis but one in a quarter of the time


def causal_mask(length: int, *, device: torch.device | str = "cpu") -> Tensor:
    """``[T, T]``, True where position i may look at position j: at itself and at what came before."""
    if length < 1:
        raise ValueError(f"length must be at least 1; got {length}")
    return torch.ones(length, length, dtype=torch.bool, device=device).tril()


def context_mask(length: int, context: int, *, itself: bool = False, device: torch.device | str = "cpu") -> Tensor:
    """``[T, T]``, True where i may look at j: everybody at the first ``context`` positions only.

    The other positions are queries: they see the context, and neither each other nor, by default, themselves, so
    that what is predicted for one does not depend on which others are asked about.

    Args:
        length: all positions, T.
        context: how many of them, from the first on, are the context.
        itself: whether a query sees itself too (Mueller et al. 2022 let it).

    Raises:
        ValueError: a context that is not between 1 and ``length``.
    """
    if not 1 <= context <= length:
        raise ValueError(f"context must be between 1 and {length}; got {context}")
    mask = torch.zeros(length, length, dtype=torch.bool, device=device)
    mask[:, :context] = True
    return mask | torch.eye(length, dtype=torch.bool, device=device) if itself else mask


def sinusoidal_positions(length: int, width: int) -> Tensor:
    """``[T, width]``: sines and cosines of position over 10000^(2i / width) (Vaswani et al. 2017, section 3.5).

    Sines stand at even coordinates 2i, cosines at odd ones.

    Raises:
        ValueError: an odd width, or a length below 1.
    """
    if width < 2 or width % 2 or length < 1:
        raise ValueError(f"width must be even and length at least 1; got width {width}, length {length}")
    rates = torch.exp(-math.log(10000.0) * torch.arange(0, width, 2) / width)
    angles = torch.arange(length)[:, None] * rates
    return torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(1)


class Attention(nn.Module):
    """Multi-head attention of a sequence to itself (Vaswani et al. 2017, section 3.2).

    One matrix gives queries, keys and values, in this order; ``out`` joins the heads.
    """

    def __init__(self, width: int, heads: int):
        super().__init__()
        if heads < 1 or width % heads:
            raise ValueError(f"width must be a multiple of heads; got width {width}, heads {heads}")
        self.heads = heads
        self.query_key_value = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """``[B, T, width]`` -> ``[B, T, width]``.

        ``mask`` is ``[T, T]`` or ``[B, 1 or heads, T, T]``: True where row i may look at column j.
        """
        split = self.query_key_value(x).unflatten(-1, (3, self.heads, -1))  # [B, T, 3, heads, width / heads]
        query, key, value = split.transpose(1, 3).unbind(2)  # [B, heads, T, width / heads]
        # written out: torch's fused attention has no rule for vmap, and ensembles need one
        if x.shape[-2] <= SHORT:
            scores = key @ query.transpose(-1, -2) / math.sqrt(query.shape[-1])  # [..., seen, looking]
            if mask is not None:
                scores = scores.masked_fill(~mask.transpose(-1, -2), -torch.inf)
            weights = scores.softmax(-2).transpose(-1, -2)
        else:
            scores = query @ key.transpose(-1, -2) / math.sqrt(query.shape[-1])
            if mask is not None:
                scores = scores.masked_fill(~mask, -torch.inf)
            weights = scores.softmax(-1)
        return self.out((weights @ value).transpose(1, 2).flatten(2))


class Block(nn.Module):
    """Attention, then two dense layers at each position, each added to what comes in.

    Args:
        width, heads: numbers per position, and attention heads; width is a multiple of heads.
        hidden: units between the two dense layers.
        activation: ``gelu`` or ``relu``.
        norm_first: layer normalization before each part (as in GPT-2) or after the sum (as in the first paper).

    Raises:
        ValueError: a width that is not a multiple of heads, or an unknown activation.
    """

    def __init__(self, width: int, heads: int, hidden: int, *, activation: str = "gelu", norm_first: bool = True):
        super().__init__()
        self.activation = activation_named(activation, ACTIVATIONS)
        self.attention = Attention(width, heads)
        self.expand, self.contract = nn.Linear(width, hidden), nn.Linear(hidden, width)
        self.norm_attention, self.norm_dense = nn.LayerNorm(width), nn.LayerNorm(width)
        self.norm_first = norm_first

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """``[B, T, width]`` -> ``[B, T, width]``."""
        if self.norm_first:
            x = x + self.attention(self.norm_attention(x), mask)
            return x + self._dense(self.norm_dense(x))
        x = self.norm_attention(x + self.attention(x, mask))
        return self.norm_dense(x + self._dense(x))

    def _dense(self, x: Tensor) -> Tensor:
        return self.contract(self.activation(self.expand(x)))


class Transformer(nn.Module):
    """A stack of blocks on vectors. What may look at what is the mask's business; by default all at all.

    Without positions it treats its input as a set: permuting the input permutes the output.

    Args:
        width, depth, heads: numbers per position, blocks, attention heads.
        hidden: units between the dense layers; ``4 * width`` by default.
        activation, norm_first: see ``Block``; with ``norm_first`` a last normalization follows the blocks.

    Raises:
        ValueError: see ``Block``; or a depth below 1.
    """

    def __init__(
        self,
        width: int,
        depth: int,
        heads: int,
        *,
        hidden: int | None = None,
        activation: str = "gelu",
        norm_first: bool = True,
    ):
        super().__init__()
        if depth < 1:
            raise ValueError(f"depth must be at least 1; got {depth}")
        hidden = hidden or 4 * width
        self.blocks = nn.ModuleList(
            Block(width, heads, hidden, activation=activation, norm_first=norm_first) for _ in range(depth)
        )
        self.norm = nn.LayerNorm(width) if norm_first else nn.Identity()

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """``[B, T, width]`` -> ``[B, T, width]``; ``mask`` as in ``Attention``.

        Raises:
            ValueError: a mask that is not of truth values, or not ``[..., T, T]``.
        """
        if mask is not None:
            length = x.shape[-2]
            if mask.dtype != torch.bool or mask.shape[-2:] != (length, length):
                raise ValueError(
                    f"mask must be [..., {length}, {length}] of truth values; got {list(mask.shape)}, {mask.dtype}"
                )
        for block in self.blocks:
            x = block(x, mask)
        return self.norm(x)


class LanguageModel(nn.Module):
    """Predicts the next token from those before it: a decoder with a causal mask.

    Args:
        vocabulary: how many different tokens there are, V.
        length: the longest sequence, T.
        width, depth, heads: see ``Transformer``.
        positions: ``learned``, ``sinusoidal``, or None for no encoding of positions.
        options: further arguments of ``Transformer``.

    Embeddings start normal with standard deviation 0.02 (as in GPT-2); other layers as torch draws them.

    Raises:
        ValueError: unknown positions; see also ``Transformer``.
    """

    def __init__(
        self,
        vocabulary: int,
        length: int,
        width: int,
        depth: int,
        heads: int,
        *,
        positions: str | None = "learned",
        **options,
    ):
        super().__init__()
        if positions not in POSITIONS:
            raise ValueError(f"positions must be 'learned', 'sinusoidal' or None; got {positions!r}")
        self.length = length
        self.tokens = nn.Embedding(vocabulary, width)
        nn.init.normal_(self.tokens.weight, std=0.02)
        if positions == "learned":
            self.positions = nn.Parameter(0.02 * torch.randn(length, width))
        else:
            fixed = sinusoidal_positions(length, width) if positions else torch.zeros(length, width)
            self.register_buffer("positions", fixed)
        self.register_buffer("mask", causal_mask(length))
        self.stack = Transformer(width, depth, heads, **options)
        self.head = nn.Linear(width, vocabulary)

    def forward(self, tokens: Tensor) -> Tensor:
        """``[B, T]`` int64 -> logits ``[B, T, V]``; entry t predicts token t + 1.

        Raises:
            ValueError: a sequence longer than ``length``.
        """
        length = tokens.shape[-1]
        if length > self.length:
            raise ValueError(f"a sequence may have at most {self.length} tokens; got {length}")
        x = self.tokens(tokens) + self.positions[:length]
        return self.head(self.stack(x, self.mask[:length, :length]))
