"""A member of a batch gets the numbers it gets alone, and the numbers that plain PyTorch gives."""

from functools import partial

import pytest
import torch
from torch import nn
from torch.nn.utils import prune

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
OPTIMIZERS = {
    "sgd": partial(torch.optim.SGD, momentum=0.9, weight_decay=1e-3),
    "adam": torch.optim.Adam,
    "adamw": partial(torch.optim.AdamW, weight_decay=0.1),
    "rmsprop": torch.optim.RMSprop,
}


def plain_loop(net, data, optimizer, rate, steps=30):
    """What anybody would write in PyTorch."""
    engine = optimizer(net.parameters(), lr=rate)
    losses = []
    for _ in range(steps):
        x, y = next(data)
        loss = nn.functional.cross_entropy(net(x), y)
        engine.zero_grad()
        loss.backward()
        engine.step()
        losses.append(loss.item())
    return torch.tensor(losses)


def one_member(net, k):
    layers = []
    for weight, bias in zip(net.weights, net.biases):
        linear = nn.Linear(*weight.shape[1:])
        with torch.no_grad():
            linear.weight.copy_(weight[k].T)
            linear.bias.copy_(bias[k, 0])
        layers += [linear, nn.ReLU()]
    return nn.Sequential(*layers[:-1])


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_member_of_a_batch_is_the_network_trained_alone(name):
    seeds = [3, 4, 5]
    net = MLP([8, 16, 3], seeds)
    singles = [one_member(net, k) for k in range(3)]
    losses = train(
        net,
        batches(X, Y, 10, seeds=seeds),
        loss=cross_entropy,
        steps=30,
        learning_rate=0.01,
        optimizer=OPTIMIZERS[name],
    )
    for k, single in enumerate(singles):
        wanted = plain_loop(single, batches(X, Y, 10, seeds=seeds[k]), OPTIMIZERS[name], 0.01)
        torch.testing.assert_close(losses[:, k], wanted, atol=1e-5, rtol=1e-5)
        torch.testing.assert_close(net(X)[k], single(X), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_one_learning_rate_per_member(name):
    rates = [0.003, 0.01, 0.03]
    net = MLP([8, 16, 3], [7] * 3)
    singles = [one_member(net, k) for k in range(3)]
    train(
        net,
        batches(X, Y, 10, seeds=[7] * 3),
        loss=cross_entropy,
        steps=30,
        learning_rate=torch.tensor(rates),
        optimizer=OPTIMIZERS[name],
    )
    for k, single in enumerate(singles):
        plain_loop(single, batches(X, Y, 10, seeds=7), OPTIMIZERS[name], rates[k])
        torch.testing.assert_close(net(X)[k], single(X), atol=1e-5, rtol=1e-5)


def small_cnn():
    return nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(64, 3))


@pytest.mark.parametrize("method", ["vmap", "loop"])
def test_any_module_as_an_ensemble(method):
    seeds = [0, 1, 2]
    net = Ensemble(small_cnn, seeds, method=method)
    train(net, batches(IMAGES, Y, 10, seeds=seeds), loss=cross_entropy, steps=20, learning_rate=0.01)
    for k, seed in enumerate(seeds):
        torch.manual_seed(seed)
        single = small_cnn()
        plain_loop(single, batches(IMAGES, Y, 10, seeds=seed), torch.optim.Adam, 0.01, steps=20)
        own = net(IMAGES.expand(3, *IMAGES.shape))[k]
        torch.testing.assert_close(own, single(IMAGES), atol=1e-5, rtol=1e-5)


def test_ensemble_leaves_the_global_generator_alone():
    torch.manual_seed(5)
    before = torch.random.get_rng_state()
    Ensemble(small_cnn, [1, 2])
    assert torch.equal(before, torch.random.get_rng_state())


def test_masks_are_those_of_torchs_pruning():
    net = MLP([8, 16, 3], [0, 1])
    generator = torch.Generator().manual_seed(0)
    masks = [(torch.rand(w.shape, generator=generator) < 0.5).float() for w in net.weights]
    singles = [one_member(net, k) for k in range(2)]
    data = batches(X, Y, 10, seeds=[0, 1])
    train(net, data, loss=cross_entropy, steps=20, learning_rate=0.01, masks=[*masks, None, None])
    for weight, mask in zip(net.weights, masks):
        assert (weight[mask == 0] == 0).all()
    for k, single in enumerate(singles):
        for layer, mask in zip((single[0], single[2]), masks):
            prune.custom_from_mask(layer, "weight", mask[k].T)
        plain_loop(single, batches(X, Y, 10, seeds=k), torch.optim.Adam, 0.01, steps=20)
        torch.testing.assert_close(net(X)[k], single(X), atol=1e-5, rtol=1e-5)


def test_schedule_is_torchs():
    decay = partial(torch.optim.lr_scheduler.StepLR, step_size=5, gamma=0.5)
    net = MLP([8, 4, 3], [0])
    single = one_member(net, 0)
    data = batches(X, Y, 10, seeds=[0])
    train(net, data, loss=cross_entropy, steps=12, learning_rate=0.1, optimizer=torch.optim.SGD, schedule=decay)
    engine = torch.optim.SGD(single.parameters(), lr=0.1)
    scheduler, data = decay(engine), batches(X, Y, 10, seeds=0)
    for _ in range(12):
        x, y = next(data)
        engine.zero_grad()
        nn.functional.cross_entropy(single(x), y).backward()
        engine.step()
        scheduler.step()
    torch.testing.assert_close(net(X)[0], single(X), atol=1e-5, rtol=1e-5)


def test_batches_go_through_all_data_in_an_order_of_the_members_own():
    data = batches(torch.arange(12.0)[:, None], torch.arange(12), 4, seeds=[1, 2])
    epoch = torch.cat([next(data)[1] for _ in range(3)], dim=1)
    assert [sorted(row.tolist()) for row in epoch] == [list(range(12))] * 2
    assert not torch.equal(epoch[0], epoch[1])
    alone = batches(torch.arange(12.0)[:, None], torch.arange(12), 4, seeds=2)
    assert torch.equal(torch.cat([next(alone)[1] for _ in range(3)]), epoch[1])


def test_batches_from_subsets():
    subsets = torch.tensor([[0, 1, 2, 3], [8, 9, 10, 11]])
    x, y = next(batches(torch.arange(12.0)[:, None], torch.arange(12), 4, seeds=[0, 0], subsets=subsets))
    assert [sorted(row.tolist()) for row in y] == subsets.tolist()
    assert torch.equal(x[..., 0].long(), y)


def test_losses_and_accuracy():
    logits, targets = torch.randn(2, 5, 3), torch.randint(3, (2, 5))
    wanted = torch.stack([nn.functional.cross_entropy(a, b) for a, b in zip(logits, targets)])
    torch.testing.assert_close(cross_entropy(logits, targets), wanted)
    assert squared_error(torch.tensor([[1.0, 2.0]]), torch.tensor([[0.0, 0.0]])).item() == 2.5
    net = MLP([8, 16, 3], [0, 1])
    wanted = [(one_member(net, k)(X).argmax(1) == Y).float().mean() for k in range(2)]
    torch.testing.assert_close(accuracy(net, X, Y), torch.stack(wanted))
    own = accuracy(net, torch.stack([X, X.flip(0)]), torch.stack([Y, Y.flip(0)]))
    torch.testing.assert_close(own, torch.stack(wanted))


def test_early_stopping_gives_the_weights_of_its_step():
    net = MLP([8, 32, 3], [0, 1])
    stopping = EarlyStopping(X[40:], Y[40:], every=5)
    train(
        net,
        batches(X[:40], Y[:40], 20, seeds=[0, 1]),
        loss=cross_entropy,
        steps=60,
        learning_rate=0.02,
        callbacks=[stopping],
    )
    losses = torch.stack(stopping.loss)
    assert stopping.steps == list(range(0, 61, 5))
    assert torch.equal(stopping.best_step, losses.argmin(0) * 5)
    assert (stopping.best_step < 60).all(), "the test needs networks that overfit"
    stopping.restore(net)
    again = Evaluation(X[40:], Y[40:], every=1)
    again(0, net, None)
    torch.testing.assert_close(again.loss[0], losses.min(0).values)


def test_early_stopping_until():
    net = MLP([8, 32, 3], [0, 0])
    stopping = EarlyStopping(X, Y, every=5, until=torch.tensor([10, 100]))
    train(net, batches(X, Y, 20, seeds=[0, 0]), loss=cross_entropy, steps=30, learning_rate=0.01, callbacks=[stopping])
    assert stopping.best_step.tolist() == [10, 30]
    with pytest.raises(RuntimeError, match="no step yet"):
        EarlyStopping(X, Y, every=5).restore(net)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"steps": 0}, "steps must be at least 1"),
        ({"learning_rate": torch.ones(5)}, "one per member"),
        ({"masks": [None]}, "one entry per parameter"),
        ({"masks": [torch.ones(2, 2), None, None, None]}, "a mask has shape"),
    ],
)
def test_refuses(change, words):
    net = MLP([8, 4, 3], [0, 1])
    options = {"loss": cross_entropy, "steps": 2, "learning_rate": 0.1} | change
    with pytest.raises(ValueError, match=words):
        train(net, batches(X, Y, 10, seeds=[0, 1]), **options)


def test_divergence_is_named():
    net = MLP([8, 4, 3], [0, 1])
    rates = torch.tensor([0.01, 1e30])
    with pytest.raises(FloatingPointError, match=r"members \[1\]"):
        train(net, batches(X, Y, 10, seeds=[0, 1]), loss=cross_entropy, steps=20, learning_rate=rates)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"batch_size": 61}, "between 1 and 60"),
        ({"y": Y[:5]}, "same length"),
        ({"subsets": torch.zeros(3, 10, dtype=torch.long)}, "subsets must be"),
    ],
)
def test_batches_refuse(change, words):
    options = {"x": X, "y": Y, "batch_size": 10, "seeds": [0, 1]} | change
    with pytest.raises(ValueError, match=words):
        batches(**options)


def test_ensembles_refuse():
    with pytest.raises(ValueError, match="track_running_stats"):
        Ensemble(lambda: nn.BatchNorm1d(3), [0])
    with pytest.raises(ValueError, match="at least one member"):
        Ensemble(small_cnn, [])
    with pytest.raises(ValueError, match="method must be"):
        Ensemble(small_cnn, [0], method="fast")
    with pytest.raises(ValueError, match=r"x must be \[2, batch"):
        Ensemble(small_cnn, [0, 1])(IMAGES)


def test_devices():
    assert resolve_device("cpu").type == "cpu"
    with pytest.raises(ValueError, match="device must be"):
        resolve_device("gpu")
    if not torch.cuda.is_available():
        assert resolve_device("auto").type == "cpu"
        with pytest.raises(ValueError, match="no CUDA device"):
            resolve_device("cuda")
