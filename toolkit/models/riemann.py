"""A density with one bar per bin and half-normal tails, for networks that predict numbers."""

from __future__ import annotations

import math

import torch
from torch import Tensor

MEDIAN = 0.6744897501960817  # of a half-normal with scale 1


class Riemann:
    """Piecewise-constant densities over shared bins; the outermost two bins are half-normal tails without end.

    A network gives one logit per bin, and their softmax is the probability of each bin. A tail begins at the inner
    border of its bin, and half of its probability lies within the bin, which fixes its scale.

    Args:
        borders: ``[bins + 1]``, increasing, in units of what is predicted; at least two bins.

    Attributes:
        bins: how many there are.
        borders: as given.

    Raises:
        ValueError: borders that do not increase, or fewer than three of them.

    Source: Müller et al. (2022), arXiv 2112.10510, section 4, "Riemann distribution".
    """

    def __init__(self, borders: Tensor):
        if borders.ndim != 1 or len(borders) < 3 or not bool((borders.diff() > 0).all()):
            raise ValueError(f"borders must be at least three increasing numbers; got {list(borders.shape)}")
        self.borders, self.bins = borders, len(borders) - 1
        self._inner, self._width = borders[1:-1].contiguous(), borders.diff()
        self._left, self._right = self._width[0] / MEDIAN, self._width[-1] / MEDIAN  # scales of the tails
        centres = (borders[1:] + borders[:-1]) / 2
        centres[0] = borders[1] - self._left * math.sqrt(2 / math.pi)
        centres[-1] = borders[-2] + self._right * math.sqrt(2 / math.pi)
        self._centres = centres

    @classmethod
    def of_values(cls, values: Tensor, bins: int) -> Riemann:
        """Bins of equal mass under the distribution of ``values``, tails included.

        Args:
            values: any shape, for example draws from a prior; at most about 16 million.
            bins: how many bins, at least 2.

        Raises:
            ValueError: fewer than two bins, or values that do not fill them (too few, or many that are equal).
        """
        if bins < 2 or values.numel() < 2 * bins:
            raise ValueError(f"bins must be at least 2 and values twice as many; got {bins} and {values.numel()}")
        levels = torch.arange(bins + 1, device=values.device) / bins
        levels[0], levels[-1] = 0.5 / bins, 1 - 0.5 / bins  # half of a tail lies beyond its outer border
        return cls(torch.quantile(values.detach().float().flatten(), levels))

    def log_prob(self, logits: Tensor, y: Tensor) -> Tensor:
        """Log density at y: ``[..., bins]`` and ``[...]`` -> ``[...]``, in nats."""
        bin, gap = self._locate(logits, y)
        bar = -self._width.log()[bin]
        for tail, scale in ((0, self._left), (self.bins - 1, self._right)):
            halfnormal = 0.5 * math.log(2 / math.pi) - scale.log() - 0.5 * (gap / scale).square()
            bar = torch.where(bin == tail, halfnormal, bar)
        return logits.log_softmax(-1).gather(-1, bin[..., None])[..., 0] + bar

    def cdf(self, logits: Tensor, y: Tensor) -> Tensor:
        """Probability of values up to y: ``[..., bins]`` and ``[...]`` -> ``[...]``."""
        bin, gap = self._locate(logits, y)
        share = gap / self._width[bin]
        share = torch.where(bin == 0, torch.special.erfc(gap / self._left / math.sqrt(2)), share)
        share = torch.where(bin == self.bins - 1, torch.special.erf(gap / self._right / math.sqrt(2)), share)
        mass = logits.softmax(-1)
        below = mass.cumsum(-1) - mass
        return (below.gather(-1, bin[..., None]) + mass.gather(-1, bin[..., None]) * share[..., None])[..., 0]

    def quantile(self, logits: Tensor, level: float) -> Tensor:
        """The value that has probability ``level`` below it: ``[..., bins]`` -> ``[...]``.

        Raises:
            ValueError: a level that is not between 0 and 1.
        """
        if not 0 < level < 1:
            raise ValueError(f"level must be between 0 and 1; got {level}")
        mass = logits.softmax(-1)
        total = mass.cumsum(-1)
        bin = (total < level).sum(-1).clamp_max(self.bins - 1)
        here = mass.gather(-1, bin[..., None])[..., 0]
        below = total.gather(-1, bin[..., None])[..., 0] - here
        share = ((level - below) / here).clamp(0, 1)
        inside = self.borders[bin] + share * self._width[bin]
        almost = 1 - torch.finfo(share.dtype).eps  # a tail has no end, rounding must not reach it
        left = self.borders[1] - self._left * math.sqrt(2) * torch.special.erfinv((1 - share).clamp_max(almost))
        right = self.borders[-2] + self._right * math.sqrt(2) * torch.special.erfinv(share.clamp_max(almost))
        return torch.where(bin == 0, left, torch.where(bin == self.bins - 1, right, inside))

    def mean(self, logits: Tensor) -> Tensor:
        """``[..., bins]`` -> ``[...]``."""
        return logits.softmax(-1) @ self._centres

    def _locate(self, logits: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """The bin of each y, and how far into it: from the left border, in the first bin from the right one."""
        if logits.shape[-1] != self.bins or logits.shape[:-1] != y.shape:
            raise ValueError(
                f"logits must be [..., {self.bins}] and y [...]; got {list(logits.shape)} and {list(y.shape)}"
            )
        bin = torch.searchsorted(self._inner, y.contiguous())
        return bin, torch.where(bin == 0, self.borders[1] - y, y - self.borders[bin])
