"""The training loop. It serves one network and an ensemble alike: losses are scalars or ``[K]``."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial

import torch
from torch import Tensor, nn

ADAM = partial(torch.optim.Adam, fused=True)
QUIET = "TOOLKIT_QUIET"  # set to 1 in batch runs


def train(
    model: nn.Module,
    data: Iterator[tuple[Tensor, Tensor]],
    *,
    loss: Callable[[Tensor, Tensor], Tensor],
    steps: int,
    learning_rate: float | Tensor,
    optimizer: Callable[..., torch.optim.Optimizer] = ADAM,
    schedule: Callable | None = None,
    masks: Sequence[Tensor] | None = None,
    callbacks: Sequence[Callable] = (),
    label: str = "training",
) -> Tensor:
    """Trains one network, or the K members of an ensemble, for a number of steps.

    Members do not touch each other: the sum of their losses is differentiated, and the optimizers meant
    here act on each number by itself. So member k gets the numbers it would get alone.

    Args:
        model: one network, or an ensemble whose parameters are ``[K, ...]``.
        data: gives ``(x, y)`` for each step.
        loss: ``(outputs, y)`` -> a scalar, or ``[K]`` for an ensemble.
        steps: number of updates.
        learning_rate: a number, or ``[K]`` with one rate per member. The latter takes each member's share
            of a step at rate 1, exact for optimizers whose step is proportional to the rate (SGD with or
            without momentum, Adam, AdamW, RMSprop).
        optimizer: a torch optimizer class, or a ``functools.partial`` of one. It must act elementwise; by
            default Adam, fused.
        schedule: takes the optimizer, returns a torch learning-rate scheduler, stepped after each update.
        masks: one tensor per parameter (or None), of its shape; parameters are multiplied by it before
            the first step and after each, so that a masked weight stays zero.
        callbacks: called as ``callback(step, model, losses)`` with step 0 before training (losses None)
            and after each step.
        label: what the progress bar says. The bar is silent in batch runs.

    Returns:
        Losses ``[steps]`` or ``[steps, K]``, on the model's device.

    Raises:
        ValueError: steps below 1, masks or rates that do not fit the parameters.
        FloatingPointError: a loss that is not finite; names the step and the members.
    """
    if steps < 1:
        raise ValueError(f"steps must be at least 1; got {steps}")
    parameters = list(model.parameters())
    rates = _member_rates(learning_rate, parameters)
    engine = optimizer(parameters, lr=learning_rate if rates is None else 1.0)
    scheduler = schedule(engine) if schedule else None
    masked = _masked(masks, parameters)
    _apply(masked)
    for callback in callbacks:
        callback(0, model, None)
    history = []
    for step in _progress(range(1, steps + 1), label):
        x, y = next(data)
        losses = loss(model(x), y)
        engine.zero_grad(set_to_none=True)
        losses.sum().backward()
        _update(engine, parameters, rates)
        _apply(masked)
        if scheduler is not None:
            scheduler.step()
        history.append(losses.detach())
        for callback in callbacks:
            callback(step, model, losses.detach())
    found = torch.stack(history)
    _refuse_divergence(found)
    return found


def _member_rates(learning_rate, parameters) -> list[Tensor] | None:
    """Per-member rates shaped to multiply each parameter, or None for one rate."""
    if not isinstance(learning_rate, Tensor) or learning_rate.ndim == 0:
        return None
    if any(len(p) != len(learning_rate) for p in parameters):
        raise ValueError(f"learning_rate has {len(learning_rate)} entries; it must have one per member of the ensemble")
    return [learning_rate.to(p).view(-1, *[1] * (p.ndim - 1)) for p in parameters]


@torch.no_grad()
def _update(engine, parameters, rates) -> None:
    if rates is None:
        engine.step()
        return
    before = [p.clone() for p in parameters]
    engine.step()
    for parameter, old, rate in zip(parameters, before, rates):
        parameter.copy_(old + rate * (parameter - old))


def _masked(masks, parameters) -> list[tuple[Tensor, Tensor]]:
    if masks is None:
        return []
    masks = list(masks)
    if len(masks) != len(parameters):
        raise ValueError(f"masks must have one entry per parameter, {len(parameters)}; got {len(masks)}")
    pairs = []
    for mask, parameter in zip(masks, parameters):
        if mask is None:
            continue
        if mask.shape != parameter.shape:
            raise ValueError(f"a mask has shape {list(mask.shape)}, its parameter {list(parameter.shape)}")
        pairs.append((mask.to(parameter), parameter))
    return pairs


@torch.no_grad()
def _apply(masked) -> None:
    for mask, parameter in masked:
        parameter.mul_(mask)


def _refuse_divergence(history: Tensor) -> None:
    wrong = ~torch.isfinite(history)
    if not wrong.any():
        return
    step = int(wrong.flatten(1).any(1).nonzero()[0]) if history.ndim > 1 else int(wrong.nonzero()[0])
    members = f" of members {wrong[step].nonzero()[:, 0].tolist()}" if history.ndim > 1 else ""
    raise FloatingPointError(f"the loss{members} is not finite at step {step + 1}; a smaller learning rate may help")


def _progress(steps, label: str):
    from tqdm import tqdm

    quiet = os.environ.get(QUIET) == "1"
    # None: tqdm decides, and is silent when its output is not a terminal
    return tqdm(steps, desc=label, leave=False, disable=True if quiet else (False if _in_notebook() else None))


def _in_notebook() -> bool:
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    return hasattr(shell, "kernel")
