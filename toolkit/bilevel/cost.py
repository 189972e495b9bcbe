"""What a round of tuning costs."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from toolkit.bilevel.loop import Round
from toolkit.bilevel.memory import HeldBytes
from toolkit.training import timed


class Cost(NamedTuple):
    """Time and memory of a round.

    Attributes:
        seconds: ``[repeats]`` float64, processor time, or wall time on a GPU.
        held: most bytes held for backward passes.
    """

    seconds: Tensor
    held: int


def round_cost(go: Round, weights: Tensor, hyper: Tensor, *, repeats: int = 1, rounds: int = 1) -> Cost:
    """Measures a round for ``tune``; one round beforehand, whose memory is counted, is not timed.

    Args:
        go, weights, hyper: as for ``tune``.
        repeats: how many times to measure.
        rounds: taken together in each measurement, from the same weights; the time given is that of one.

    Raises:
        ValueError: no repeat or no round.
    """
    if repeats < 1 or rounds < 1:
        raise ValueError(f"repeats and rounds must be at least 1; got {repeats} and {rounds}")
    with HeldBytes() as held:
        go(weights, hyper)
    seconds = [timed(lambda: [go(weights, hyper)[0] for _ in range(rounds)][-1])[1] / rounds for _ in range(repeats)]
    return Cost(torch.tensor(seconds, dtype=torch.float64), held.peak)
