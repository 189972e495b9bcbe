"""Networks and their training."""

from functools import partial

import pytest
import torch
from torch import nn

from toolkit.models import MLP, Ensemble
from toolkit.training import (
    EarlyStopping,
    Evaluation,
    accuracy,
    batches,
    cross_entropy,
    resolve_device,
    squared_error,
    train,
)

X = torch.randn(60, 8, generator=torch.Generator().manual_seed(0))
Y = torch.randint(3, (60,), generator=torch.Generator().manual_seed(1))
IMAGES = torch.randn(60, 1, 6, 6, generator=torch.Generator().manual_seed(2))
SUBSETS = torch.stack([torch.randperm(60, generator=torch.Generator().manual_seed(k))[:30] for k in range(2)])
SEEDS = [4, 7]


def small_cnn():
    return nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(64, 3))


def test_the_device_is_found(device):
    assert resolve_device(device.type) == device
    if device.type == "cuda":
        assert resolve_device("auto") == device


@pytest.mark.parametrize("init", ["glorot_normal", "he_normal", "lecun_normal", "ntk"])
def test_initial_weights_are_equal(same, init):
    scale = torch.tensor([0.5, 2.0])
    same(lambda d: list(MLP([8, 16, 3], SEEDS, init=init, weight_scale=scale, device=d).parameters()))


@pytest.mark.parametrize("activation", ["relu", "tanh", "erf", "linear"])
@pytest.mark.parametrize("init", ["he_normal", "ntk"])
def test_mlp_forward(same, activation, init):
    def outputs(d):
        return MLP([8, 64, 64, 3], SEEDS, activation=activation, init=init, device=d).preactivations(X.to(d))

    same(outputs, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("method", ["vmap", "loop"])
def test_ensemble_forward(same, method):
    inputs = IMAGES.expand(2, *IMAGES.shape)
    same(lambda d: Ensemble(small_cnn, SEEDS, method=method).to(d)(inputs.to(d)), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("subsets", [None, SUBSETS], ids=["all", "subsets"])
def test_batches_are_equal(same, subsets):
    def drawn(d):
        data = batches(X.to(d), Y.to(d), 16, seeds=SEEDS, subsets=subsets)
        return [next(data) for _ in range(5)]

    same(drawn)


OPTIMIZERS = {
    "adam, fused": {},
    "adamw": {"optimizer": partial(torch.optim.AdamW, weight_decay=0.1)},
    "sgd": {"optimizer": partial(torch.optim.SGD, momentum=0.9)},
    "a rate for each member": {"learning_rate": torch.tensor([0.01, 0.02])},
    "masks": {"masks": [(torch.arange(8 * 16).view(1, 8, 16) % 3 > 0).expand(2, -1, -1).float(), None, None, None]},
    "schedule": {"schedule": lambda engine: torch.optim.lr_scheduler.StepLR(engine, 5)},
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_training(same, name):
    """20 steps: rounding grows with each, so losses and weights agree to 1e-3."""

    def trained(d):
        net = MLP([8, 16, 3], SEEDS, device=d)
        data = batches(X.to(d), Y.to(d), 10, seeds=SEEDS)
        losses = train(net, data, loss=cross_entropy, steps=20, **{"learning_rate": 0.01, **OPTIMIZERS[name]})
        return [losses, *net.parameters()]

    same(trained, rtol=1e-3, atol=1e-4)


def test_training_an_ensemble_of_any_module(same):
    def trained(d):
        net = Ensemble(small_cnn, SEEDS).to(d)
        data = batches(IMAGES.to(d), Y.to(d), 10, seeds=SEEDS)
        return train(net, data, loss=cross_entropy, steps=20, learning_rate=0.01)

    same(trained, rtol=1e-3, atol=1e-4)


def test_what_is_measured_while_training(same):
    def measured(d):
        net, x, y = MLP([8, 16, 3], SEEDS, device=d), X.to(d), Y.to(d)
        watch = Evaluation(x, y, every=5)
        stop = EarlyStopping(x, y, every=5, until=torch.tensor([10, 20], device=d))
        train(
            net,
            batches(x, y, 10, seeds=SEEDS),
            loss=cross_entropy,
            steps=20,
            learning_rate=0.01,
            callbacks=[watch, stop],
        )
        stop.restore(net)
        return [*watch.loss, stop.best_loss, stop.best_step, *net.parameters()]

    same(measured, rtol=1e-3, atol=1e-4)


def test_measures(same):
    net = MLP([8, 64, 3], SEEDS)
    same(lambda d: accuracy(net.to(d), X.to(d), Y.to(d)), atol=1.5 / 60)  # one image may fall on the other side
    same(lambda d: cross_entropy(net.to(d)(X.to(d)), Y.to(d).expand(2, -1)), rtol=1e-4)
    same(lambda d: squared_error(net.to(d)(X.to(d)), X.to(d)[:, :3]), rtol=1e-4)


def test_divergence_is_named(device):
    net = MLP([8, 16, 1], SEEDS, device=device)
    data = batches(X.to(device), torch.full((60, 1), float("nan"), device=device), 10, seeds=SEEDS)
    with pytest.raises(FloatingPointError, match=r"of members \[0, 1\] is not finite at step 1"):
        train(net, data, loss=squared_error, steps=2, learning_rate=0.01)
