"""The training loop. It serves one network and an ensemble alike: losses are scalars or ``[K]``."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor, nn

QUIET = "TOOLKIT_QUIET"  # set to 1 in batch runs


def cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    """Mean cross entropy over a batch: ``[..., B, classes]``, ``[..., B]`` -> ``[...]``, in nats."""
    flat = nn.functional.cross_entropy(logits.flatten(0, -2), targets.flatten(), reduction="none")
    return flat.view(targets.shape).mean(-1)


def squared_error(outputs: Tensor, targets: Tensor) -> Tensor:
    """Half the squared error, summed over outputs, averaged over a batch: ``[..., B, out]`` -> ``[...]``."""
    return 0.5 * (outputs - targets).square().sum(-1).mean(-1)


def batches(
    x: Tensor, y: Tensor, batch_size: int, *, seeds: int | Sequence[int]
) -> Iterator[tuple[Tensor, Tensor]]:
    """Endless shuffled mini-batches; an epoch's incomplete last batch is dropped.

    Args:
        x: ``[n, ...]`` inputs.
        y: ``[n, ...]`` targets.
        batch_size: B.
        seeds: one seed gives ``[B, ...]`` batches in one order; K seeds give ``[K, B, ...]``, each member
            with an order of its own that depends on its seed alone.

    Raises:
        ValueError: a batch larger than the data, or x and y of different length.
    """
    if len(x) != len(y):
        raise ValueError(f"x and y must have the same length; got {len(x)} and {len(y)}")
    if not 1 <= batch_size <= len(x):
        raise ValueError(f"batch_size must be between 1 and {len(x)}; got {batch_size}")
    single = isinstance(seeds, int)
    generators = [torch.Generator().manual_seed(int(s)) for s in ([seeds] if single else seeds)]

    def generate():
        flat = x.flatten(1)
        while True:
            order = torch.stack([torch.randperm(len(x), generator=g) for g in generators]).to(x.device)
            for start in range(0, len(x) - batch_size + 1, batch_size):
                index = order[:, start : start + batch_size].reshape(-1)
                shape = (batch_size,) if single else (len(generators), batch_size)
                yield (
                    flat.index_select(0, index).view(*shape, *x.shape[1:]),
                    y.index_select(0, index).view(*shape, *y.shape[1:]),
                )

    return generate()


def train(
    model: nn.Module,
    data: Iterator[tuple[Tensor, Tensor]],
    *,
    loss: Callable[[Tensor, Tensor], Tensor],
    steps: int,
    learning_rate: float | Tensor,
    optimizer: Callable[..., torch.optim.Optimizer] = torch.optim.Adam,
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
        optimizer: a torch optimizer class, or a ``functools.partial`` of one. It must act elementwise.
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
        raise ValueError(
            f"learning_rate has {len(learning_rate)} entries; it must have one per member of the ensemble"
        )
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
    raise FloatingPointError(
        f"the loss{members} is not finite at step {step + 1}; a smaller learning rate may help"
    )


def _progress(steps, label: str):
    from tqdm import tqdm

    quiet = os.environ.get(QUIET) == "1"
    # None: tqdm decides, and is silent when its output is not a terminal
    return tqdm(steps, desc=label, leave=False, disable=True if quiet else (False if _in_notebook() else None))


def _in_notebook() -> bool:
    return "ipykernel" in sys.modules


@torch.no_grad()
def accuracy(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    """Share of right answers on ``x [n, ...]``, ``y [n]``: a scalar, or ``[K]`` for an ensemble."""
    outputs = model(_shared(model, x))
    return (outputs.argmax(-1) == y).float().mean(-1)


def _shared(model: nn.Module, x: Tensor) -> Tensor:
    """The same inputs for every member of an ensemble."""
    members = getattr(model, "members", None)
    return x if members is None else x.expand(members, *x.shape)


class Evaluation:
    """A callback that measures the model on held-out data every so many steps.

    Args:
        x, y: ``[n, ...]`` inputs and ``[n]`` classes.
        every: steps between measurements; step 0 is measured too.

    Attributes:
        steps: the steps measured.
        accuracy, loss: lists of ``[K]`` (or scalar) tensors, one per step measured; the loss is the
            cross entropy in nats.
    """

    def __init__(self, x: Tensor, y: Tensor, *, every: int):
        if every < 1:
            raise ValueError(f"every must be at least 1; got {every}")
        self.x, self.y, self.every = x, y, every
        self.steps: list[int] = []
        self.accuracy: list[Tensor] = []
        self.loss: list[Tensor] = []

    @torch.no_grad()
    def __call__(self, step: int, model: nn.Module, losses: Tensor | None) -> None:
        if step % self.every:
            return
        outputs = model(_shared(model, self.x))
        targets = self.y.expand(outputs.shape[:-1])
        self.steps.append(step)
        self.accuracy.append((outputs.argmax(-1) == targets).float().mean(-1))
        self.loss.append(cross_entropy(outputs, targets))
