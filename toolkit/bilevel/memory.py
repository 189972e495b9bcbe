"""How much a computation keeps for backward passes."""

from __future__ import annotations

import torch
from torch import Tensor


class HeldBytes:
    """A context that counts the bytes which autograd holds for backward passes, and their peak.

    Every tensor that a forward operation saves counts from then until its graph is freed; tensors that share storage
    count once. What an operation needs only while it runs is not seen. The number depends on neither chance nor load.

    Attributes:
        now: bytes held at this moment.
        peak: the most that was held inside the context.
    """

    def __init__(self):
        self.now = self.peak = 0
        self._holders: dict[tuple, int] = {}
        self._hooks = torch.autograd.graph.saved_tensors_hooks(lambda t: _Held(t, self), lambda held: held.tensor)

    def __enter__(self) -> HeldBytes:
        self._hooks.__enter__()
        return self

    def __exit__(self, *error) -> None:
        self._hooks.__exit__(*error)

    def _add(self, key: tuple, size: int) -> None:
        self._holders[key] = self._holders.get(key, 0) + 1
        if self._holders[key] == 1:
            self.now += size
            self.peak = max(self.peak, self.now)

    def _remove(self, key: tuple, size: int) -> None:
        self._holders[key] -= 1
        if not self._holders[key]:
            del self._holders[key]
            self.now -= size


class _Held:
    """A saved tensor; it takes itself from the count when its graph lets go of it."""

    def __init__(self, tensor: Tensor, counter: HeldBytes):
        storage = tensor.untyped_storage()
        # detached: autograd joins it to the graph again, and a result must not hold the graph that holds it
        self.tensor, self.counter = tensor.detach(), counter
        self.key, self.size = (storage.device, storage.data_ptr()), storage.nbytes()
        counter._add(self.key, self.size)

    def __del__(self):
        self.counter._remove(self.key, self.size)
