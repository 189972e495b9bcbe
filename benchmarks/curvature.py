"""Eigenvalues and spectral densities of Hessians: the toolkit against PyHessian on the same networks."""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Callable
from importlib.util import find_spec

import torch
from sklearn.datasets import load_digits
from torch import Tensor, nn

from toolkit.curvature import flatten, hessian, hessian_product, spectral_density, top_eigenvalues
from toolkit.data.images import mnist_5k
from toolkit.models import Ensemble
from toolkit.training import batches, cross_entropy, train

COUNT, REPEATS, MEMBERS = 10, 3, 8
PROBES, STEPS = 10, 60
TOLERANCES = (1e-2, 3e-3, 1e-3, 3e-4, 1e-4, 3e-5, 1e-5, 3e-6, 1e-6, 1e-7)
AIM = "at least 5"


def best(run: Callable[[], object]) -> tuple[float, object]:
    """Processor seconds of the fastest of several runs, and what the last one gave."""
    seconds = []
    for _ in range(REPEATS):
        start = time.process_time()
        found = run()
        seconds.append(time.process_time() - start)
    return min(seconds), found


def old_eig(matrix: Tensor, eigenvectors: bool = True) -> tuple[Tensor, Tensor]:
    """What PyHessian calls ``torch.eig`` for; torch has removed it, and its matrices are symmetric."""
    values, vectors = torch.linalg.eigh(matrix)
    return torch.stack([values, torch.zeros_like(values)], dim=1), vectors


def theirs(model: nn.Module, x: Tensor, y: Tensor):
    """PyHessian's object for one network; the warning about its way to keep the graph does not matter here."""
    from pyhessian import hessian as peer

    model.zero_grad(set_to_none=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return peer(model, nn.CrossEntropyLoss(), data=(x, y), cuda=False)


def trained(build: Callable[[], nn.Module], x: Tensor, y: Tensor) -> tuple[Ensemble, list[nn.Module]]:
    """An ensemble after 200 steps, and its members as plain networks."""
    together = Ensemble(build, range(MEMBERS))
    train(together, batches(x, y, 128, seeds=range(MEMBERS)), loss=cross_entropy, steps=200, learning_rate=1e-3)
    return together, [together.alone(k) for k in range(MEMBERS)]


def loosest(run: Callable[[float], Tensor], exact: Tensor, wanted: float) -> tuple[float, float]:
    """The largest tolerance that gives all eigenvalues within the wanted error, and the error it makes."""
    for tolerance in TOLERANCES:
        try:
            error = ((run(tolerance) - exact).abs() / exact).max().item()
        except RuntimeError:  # ours says that it has not converged
            continue
        if error <= wanted:
            return tolerance, error
    raise RuntimeError(f"no tolerance down to {TOLERANCES[-1]} gives eigenvalues within {wanted:.1%}")


def eigenvalues(what: str, together: Ensemble, alone: list[nn.Module], x: Tensor, y: Tensor, wanted: float) -> dict:
    """The ten largest eigenvalues of each network, both sides at the loosest tolerance that is good enough."""
    members = len(alone)
    vectors, network = flatten(together)
    vectors = vectors[:members]

    def loss(v):
        return cross_entropy(network(v, x), y)

    def ours(tolerance):
        return top_eigenvalues(hessian_product(loss, vectors), vectors, COUNT, tolerance=tolerance).values

    def peer(tolerance):
        found = [theirs(m, x, y).eigenvalues(maxIter=10_000, tol=tolerance, top_n=COUNT)[0] for m in alone]
        return torch.tensor(found).sort(dim=-1, descending=True).values

    double = vectors.double()
    product = hessian_product(lambda v: cross_entropy(network(v, x.double()), y), double)
    exact = top_eigenvalues(product, double, COUNT, tolerance=1e-8, most=1000).values.float()
    (mine, error), (other, peer_error) = loosest(ours, exact, wanted), loosest(peer, exact, wanted)
    seconds, _ = best(lambda: ours(mine))
    peer_seconds, _ = best(lambda: peer(other))
    return row(
        f"{what}: {COUNT} largest eigenvalues within {wanted:.1%} (error {error:.2%})", seconds,
        f"PyHessian, power iteration (error {peer_error:.2%})", peer_seconds,
    )  # fmt: skip


def density(what: str, together: Ensemble, alone: list[nn.Module], x: Tensor, y: Tensor) -> dict:
    """The spectral density of each network with as many probes and steps; errors against all exact eigenvalues."""
    members = len(alone)
    vectors, network = flatten(together)
    vectors = vectors[:members]

    def loss(v):
        return cross_entropy(network(v, x), y)

    exact = torch.linalg.eigvalsh(hessian(loss, vectors))
    grid = torch.linspace(exact.min().item(), exact.max().item(), 2000)

    def error(nodes: Tensor, weights: Tensor) -> float:
        """Mean gap between the share of eigenvalues below a number and its estimate, over all numbers and networks."""
        below = (exact[:, :, None] <= grid).float().mean(1)
        estimate = (weights[..., None] * (nodes[..., None] <= grid)).sum(-2).mean(1)
        return (below - estimate).abs().mean().item()

    def ours():
        found = spectral_density(hessian_product(loss, vectors), vectors, steps=STEPS, probes=PROBES)
        return found.nodes, found.weights

    def peer():
        found = [theirs(m, x, y).density(iter=STEPS, n_v=PROBES) for m in alone]
        return tuple(torch.tensor([f[part] for f in found]) for part in (0, 1))

    had = hasattr(torch, "eig") and torch.eig
    torch.eig = old_eig
    try:
        (seconds, mine), (peer_seconds, other) = best(ours), best(peer)
    finally:
        if had:
            torch.eig = had
        else:
            del torch.eig
    return row(
        f"{what}: spectral density, {PROBES} probes of {STEPS} steps (error {error(*mine):.4f})", seconds,
        f"PyHessian, as many (error {error(*other):.4f})", peer_seconds,
    )  # fmt: skip


def row(what: str, seconds: float, peer: str, peer_seconds: float) -> dict:
    return {
        "what": what,
        "seconds": round(seconds, 3),
        "peer": peer,
        "peer_seconds": round(peer_seconds, 3),
        "ratio": round(peer_seconds / seconds, 2),
        "aim": AIM,
    }


def rows() -> list[dict]:
    """One record per comparison: what, seconds, the peer's seconds, their ratio."""
    if find_spec("pyhessian") is None:
        sys.exit("the benchmark 'curvature' compares with PyHessian, which is not installed; install the extra 'bench'")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # so that processor time is the time one waits for, whatever else the machine does
    try:
        return compared()
    finally:
        torch.set_num_threads(threads)


def compared() -> list[dict]:
    generator = torch.Generator().manual_seed(0)
    y = torch.arange(500) % 5
    x = 4 * torch.eye(10)[y] + torch.randn(500, 10, generator=generator)
    many = trained(lambda: nn.Sequential(nn.Linear(10, 32), nn.Tanh(), nn.Linear(32, 5)), x, y)
    cases = [(f"{MEMBERS} MLPs 10-32-5 on 500 points", *many, x, y)]
    pixels, digits = load_digits(return_X_y=True)
    x, y = torch.tensor(pixels / 16, dtype=torch.float32), torch.tensor(digits)
    together, alone = trained(lambda: nn.Sequential(nn.Linear(64, 32), nn.Tanh(), nn.Linear(32, 10)), x, y)
    cases.append(("1 MLP 64-32-10 on 1,797 digits", together, alone[:1], x, y))
    found = []
    for case in cases:
        found += [eigenvalues(*case, wanted=0.01), eigenvalues(*case, wanted=0.001), density(*case)]
    images, labels = mnist_5k()
    x, y = images[::5].flatten(1).contiguous(), labels[::5]
    together, alone = trained(lambda: nn.Sequential(nn.Linear(784, 100), nn.Tanh(), nn.Linear(100, 10)), x, y)
    case = ("1 MLP 784-100-10 on 1,000 MNIST images", together, alone[:1], x, y)
    return found + [eigenvalues(*case, wanted=0.01), eigenvalues(*case, wanted=0.001)]
