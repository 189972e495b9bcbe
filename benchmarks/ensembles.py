"""Twenty networks at once against a plain PyTorch loop over the same twenty."""

from __future__ import annotations

import time
from collections.abc import Callable

import torch
from torch import nn

import toolkit.training  # noqa: F401 - before any computation, as in a chapter
from toolkit.models import MLP, Ensemble
from toolkit.training import batches, cross_entropy, train

MEMBERS, STEPS, BATCH, REPEATS = 20, 200, 64, 3
SEEDS = list(range(MEMBERS))


def best(run: Callable[[], object]) -> float:
    """Seconds of the fastest of several runs, after one to warm up."""
    run()
    seconds = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def plain_loop(build: Callable[[], nn.Module], x, y, steps: int) -> None:
    """Each network trained after the other, as anybody would write it."""
    for seed in SEEDS:
        torch.manual_seed(seed)
        net = build()
        engine = torch.optim.Adam(net.parameters(), lr=1e-3)
        order = torch.Generator().manual_seed(seed)
        data = torch.utils.data.DataLoader(
            torch.utils.data.TensorDataset(x, y), batch_size=BATCH, shuffle=True, drop_last=True, generator=order
        )
        step = 0
        while step < steps:
            for inputs, targets in data:
                engine.zero_grad()
                nn.functional.cross_entropy(net(inputs), targets).backward()
                engine.step()
                step += 1
                if step == steps:
                    break


def bare_loop(build: Callable[[], nn.Module], x, y, steps: int) -> None:
    """The same without a DataLoader: batches are cut from shuffled tensors, and Adam is fused."""
    for seed in SEEDS:
        torch.manual_seed(seed)
        net = build()
        engine = torch.optim.Adam(net.parameters(), lr=1e-3, fused=True)
        data = batches(x, y, BATCH, seeds=seed)
        for _ in range(steps):
            inputs, targets = next(data)
            engine.zero_grad()
            nn.functional.cross_entropy(net(inputs), targets).backward()
            engine.step()


def together(make: Callable[[], nn.Module], x, y, steps: int) -> None:
    train(make(), batches(x, y, BATCH, seeds=SEEDS), loss=cross_entropy, steps=steps, learning_rate=1e-3)


def small_mlp() -> nn.Module:
    return nn.Sequential(nn.Linear(784, 100), nn.ReLU(), nn.Linear(100, 10))


def small_cnn() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, 8, 5, stride=2),
        nn.ReLU(),
        nn.Conv2d(8, 16, 5, stride=2),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(256, 10),
    )


def rows() -> list[dict]:
    """One record per comparison: what, seconds, the peer's seconds, their ratio."""
    generator = torch.Generator().manual_seed(0)
    flat = torch.rand(5000, 784, generator=generator)
    images = flat.view(-1, 1, 28, 28)
    labels = torch.randint(10, (5000,), generator=generator)
    found = []

    def compare(what: str, ours, peer: str, theirs) -> None:
        seconds, peer_seconds = best(ours), best(theirs)
        found.append(
            {
                "what": what,
                "seconds": round(seconds, 3),
                "peer": peer,
                "peer_seconds": round(peer_seconds, 3),
                "ratio": round(peer_seconds / seconds, 2),
            }
        )

    def mlps():
        together(lambda: MLP([784, 100, 10], SEEDS), flat, labels, STEPS)

    name = f"{MEMBERS} MLPs 784-100-10, {STEPS} steps, batch {BATCH}"
    compare(name, mlps, "plain PyTorch loop with DataLoader", lambda: plain_loop(small_mlp, flat, labels, STEPS))
    compare(name, mlps, "PyTorch loop on tensors, fused Adam", lambda: bare_loop(small_mlp, flat, labels, STEPS))
    steps = STEPS // 4
    for method in ("vmap", "loop"):

        def cnns(method=method):
            together(lambda: Ensemble(small_cnn, SEEDS, method=method), images, labels, steps)

        name = f"{MEMBERS} small CNNs, {steps} steps, batch {BATCH}, Ensemble(method={method!r})"
        compare(name, cnns, "PyTorch loop on tensors, fused Adam", lambda: bare_loop(small_cnn, images, labels, steps))
    return found
