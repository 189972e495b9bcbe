"""What is measured while a network trains."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from toolkit.training.measures import cross_entropy, outputs_on, pick


class Evaluation:
    """A callback that measures the model on held-out data every so many steps.

    Args:
        x, y: ``[n, ...]`` inputs and ``[n]`` classes, or ``[K, n, ...]`` and ``[K, n]``.
        every: steps between measurements; step 0 is measured too.
        rows: if given, y belongs to these examples of x, as for ``pick``: ``[m]``, or ``[K, m]`` with y ``[K, m]``.

    Attributes:
        steps: the steps measured.
        accuracy, loss: lists of ``[K]`` (or scalar) tensors, one per step measured; the loss is the
            cross entropy in nats.
    """

    def __init__(self, x: Tensor, y: Tensor, *, every: int, rows: Tensor | None = None):
        if every < 1:
            raise ValueError(f"every must be at least 1; got {every}")
        self.x, self.y, self.every, self.rows = x, y, every, rows
        self.steps: list[int] = []
        self.accuracy: list[Tensor] = []
        self.loss: list[Tensor] = []

    @torch.no_grad()
    def __call__(self, step: int, model: nn.Module, losses: Tensor | None) -> None:
        if step % self.every:
            return
        outputs = pick(outputs_on(model, self.x, self.y), self.rows)
        targets = self.y.expand(outputs.shape[:-1])
        self.steps.append(step)
        self.accuracy.append((outputs.argmax(-1) == targets).float().mean(-1))
        self.loss.append(cross_entropy(outputs, targets))


class EarlyStopping(Evaluation):
    """A callback that keeps, for each member, the weights with the lowest validation loss.

    Training goes on to the last step; the weights kept are those that stopping early would have given.

    Args:
        x, y: ``[n, ...]`` validation inputs and ``[n]`` classes, or ``[K, n, ...]`` and ``[K, n]``.
        every: steps between measurements.
        rows: as for ``Evaluation``.
        until: ``[K]``, the last step that counts for each member; by default all do.

    Attributes:
        best_step: ``[K]`` (or scalar), the step of the lowest loss, in updates.
    """

    def __init__(self, x: Tensor, y: Tensor, *, every: int, rows: Tensor | None = None, until: Tensor | None = None):
        super().__init__(x, y, every=every, rows=rows)
        self.until = until
        self.best_loss: Tensor | None = None
        self.best_step: Tensor | None = None
        self._kept: list[Tensor] = []

    @torch.no_grad()
    def __call__(self, step: int, model: nn.Module, losses: Tensor | None) -> None:
        super().__call__(step, model, losses)
        if step % self.every:
            return
        loss = self.loss[-1]
        if self.best_loss is None:
            self.best_loss = loss.clone()
            self.best_step = torch.zeros_like(loss, dtype=torch.long)
            self._kept = [p.detach().clone() for p in model.parameters()]
            return
        better = loss < self.best_loss
        if self.until is not None:
            better &= self.until >= step
        self.best_loss = torch.where(better, loss, self.best_loss)
        self.best_step = torch.where(better, step, self.best_step)
        for kept, parameter in zip(self._kept, model.parameters()):
            kept.copy_(torch.where(better.view(-1, *[1] * (kept.ndim - 1)) if better.ndim else better, parameter, kept))

    @torch.no_grad()
    def restore(self, model: nn.Module) -> None:
        """Puts the weights kept back into the model.

        Raises:
            RuntimeError: nothing was kept, because training has not begun.
        """
        if self.best_loss is None:
            raise RuntimeError("early stopping has seen no step yet; pass it to train as a callback")
        for kept, parameter in zip(self._kept, model.parameters()):
            parameter.copy_(kept)
