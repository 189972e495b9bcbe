"""Removing whole neurons of one random layer: which to keep."""

from __future__ import annotations

import torch
from torch import Tensor


def greedy_neurons(
    hidden: Tensor, out: Tensor, wanted: Tensor, keep: int, *, stage: int = 12, shortlist: int = 300
) -> Tensor:
    """Keeps the neurons of one hidden layer whose summed output fits best, one after the other.

    Nothing is fitted but the choice: neuron m contributes ``hidden[m] out[m]`` as it is, and the sum is compared with
    what is wanted up to one positive factor, the best one. Each step adds the neuron that lowers the squared error
    most. The steps are exact within a short list of neurons, renewed after every stage.

    Args:
        hidden: ``[N, n]``, each neuron's activation on n examples.
        out: ``[N, outputs]``, outgoing weights.
        wanted: ``[n, outputs]``.
        keep: how many neurons to keep.
        stage: steps between two renewals of the list; 1 makes every step exact among all neurons.
        shortlist: neurons on the list, best first.

    Returns:
        ``[keep]`` positions, in the order of choice, so that its beginning is the choice for a smaller ``keep``.

    Raises:
        ValueError: shapes that do not fit, or a number that is not allowed.
    """
    number = len(hidden)
    if hidden.ndim != 2 or out.ndim != 2 or len(out) != number or wanted.shape != (hidden.shape[1], out.shape[1]):
        raise ValueError(
            "hidden must be [N, n], out [N, outputs] and wanted [n, outputs]; "
            f"got {list(hidden.shape)}, {list(out.shape)} and {list(wanted.shape)}"
        )
    if not 1 <= keep <= number:
        raise ValueError(f"keep must be between 1 and {number}; got {keep}")
    if stage < 1 or shortlist < stage:
        raise ValueError(f"stage must be at least 1 and shortlist at least stage; got {stage} and {shortlist}")
    square = (hidden.norm(dim=1) * out.norm(dim=1)).square()  # of a neuron's own contribution
    agree = ((wanted.T @ hidden.T) * out.T).sum(0)  # its product with what is wanted
    kept = torch.zeros(0, dtype=torch.long, device=out.device)
    while len(kept) < keep:
        made = hidden[kept].T @ out[kept]
        overlap = ((made.T @ hidden.T) * out.T).sum(0)
        score = _explained((made * wanted).sum() + agree, made.square().sum() + 2 * overlap + square)
        score[kept] = -1
        near = torch.cat([kept, score.topk(min(shortlist, number - len(kept))).indices])
        kept = near[_steps(hidden[near], out[near], agree[near], len(kept), min(stage, keep - len(kept)))]
    return kept


def _steps(hidden: Tensor, out: Tensor, agree: Tensor, kept: int, steps: int) -> list[int]:
    """Some exact steps; the first ``kept`` neurons are chosen already."""
    gram = (hidden @ hidden.T) * (out @ out.T)
    chosen = list(range(kept))
    for _ in range(steps):
        within = gram[:, chosen].sum(1)
        score = _explained(agree[chosen].sum() + agree, within[chosen].sum() + 2 * within + gram.diagonal())
        score[chosen] = -1
        chosen.append(int(score.argmax()))
    return chosen


def _explained(agreement: Tensor, square: Tensor) -> Tensor:
    """What the best positive factor takes off the squared error; 0 for an output that is nowhere."""
    return torch.where(square > 1e-6, agreement.clamp(min=0).square() / square.clamp(min=1e-6), 0.0)
