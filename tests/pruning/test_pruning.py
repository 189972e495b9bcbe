"""Masks, subset sums and edge-popup against examples made by hand and against trying everything."""

from itertools import product

import pytest
import torch

from toolkit.data.mixtures import two_moons
from toolkit.pruning import EdgePopup, density, greedy_neurons, keep_largest, shuffled, subset_sum
from toolkit.training import accuracy, batches, cross_entropy, train

SCORES = [torch.tensor([[[5.0, 1.0], [4.0, 2.0]]]), torch.tensor([[[9.0], [8.0]]])]


def test_keep_largest_by_hand():
    by_layer = keep_largest(SCORES, 0.5)
    assert by_layer[0].tolist() == [[[1, 0], [1, 0]]] and by_layer[1].tolist() == [[[1], [0]]]
    together = keep_largest(SCORES, 0.5, scope="network")
    assert together[0].tolist() == [[[1, 0], [0, 0]]] and together[1].tolist() == [[[1], [1]]]
    assert [m.sum() for m in keep_largest(SCORES, 1.0)] == [4, 2]


def test_members_do_not_touch_each_other():
    scores = (
        torch.randn(3, 7, 5, generator=torch.Generator().manual_seed(0)).abs()
        * torch.tensor([1, 10, 100])[:, None, None]
    )
    together = keep_largest([scores], 0.4)[0]
    assert together.flatten(1).sum(1).tolist() == [14, 14, 14]
    assert all(torch.equal(together[k : k + 1], keep_largest([scores[k : k + 1]], 0.4)[0]) for k in range(3))


def test_what_was_removed_stays_removed():
    first = keep_largest([torch.tensor([[1.0, 2.0, 3.0, 4.0]])], 0.5)
    again = keep_largest([torch.tensor([[9.0, 8.0, -2.0, -1.0]])], 0.25, within=first)
    assert again[0].tolist() == [[0, 0, 0, 1]]
    with pytest.raises(ValueError, match="fewer left"):
        keep_largest([torch.ones(1, 4)], 0.75, within=first)


def test_equal_scores_still_give_the_right_number():
    assert keep_largest([torch.ones(2, 10)], 0.3)[0].sum(1).tolist() == [3, 3]


def test_shuffled_keeps_the_number_and_depends_on_the_seed_alone():
    masks = [(torch.arange(24).view(2, 3, 4) % 5 == 0).float(), torch.eye(6).expand(2, 6, 6)]
    found = shuffled(masks, [3, 4])
    assert [m.sum((1, 2)).tolist() for m in found] == [m.sum((1, 2)).tolist() for m in masks]
    assert torch.equal(found[1][1], shuffled([m[1:] for m in masks], [4])[1][0])
    assert not torch.equal(found[1][0], found[1][1])


def test_density_by_hand():
    masks = [torch.tensor([[1.0, 0, 0, 0], [1, 1, 1, 1]]), torch.tensor([[1.0, 1], [0, 0]])]
    assert torch.allclose(density(masks), torch.tensor([0.5, 4 / 6]))
    assert density([m.bool() for m in masks]).tolist() == density(masks).tolist()


def test_subset_sum_tries_every_subset():
    g = torch.Generator().manual_seed(1)
    pool, target = torch.rand(2, 5, 7, generator=g) * 2 - 1, torch.rand(2, 5, generator=g) * 2 - 1
    kept = subset_sum(pool, target)
    errors = ((pool * kept).sum(-1) - target).abs()
    subsets = torch.tensor(list(product((0.0, 1.0), repeat=7)))
    least = (pool @ subsets.T - target[..., None]).abs().amin(-1)
    assert torch.allclose(errors, least, atol=1e-6)


def test_subset_sum_by_hand():
    pool = torch.tensor([1.0, 2.0, 4.0, 8.0])
    assert subset_sum(pool, torch.tensor(11.0)).tolist() == [True, True, False, True]
    assert not subset_sum(pool, torch.tensor(-3.0)).any(), "the empty subset is the best"


def test_subset_sums_beat_single_numbers_exponentially():
    """Lueker: eight numbers more shrink the error of the best sum by a power of two, not by a factor of two."""
    g = torch.Generator().manual_seed(2)
    pool, target = (
        torch.rand(200, 16, generator=g, dtype=torch.float64) * 2 - 1,
        torch.linspace(-0.5, 0.5, 200).double(),
    )
    error = [((pool[:, :k] * subset_sum(pool[:, :k], target)).sum(1) - target).abs().median() for k in (8, 16)]
    assert error[1] < error[0] / 50


def test_edge_popup_finds_a_subnetwork_and_leaves_the_weights():
    x, y = two_moons(400, noise=0.1, generator=torch.Generator().manual_seed(0))
    net = EdgePopup([2, 64, 64, 2], [0, 1, 2], share=0.5)
    before = [w.clone() for w in net.weights]
    losses = train(net, batches(x, y, 100, seeds=[0, 1, 2]), loss=cross_entropy, steps=300, learning_rate=1e-2)
    assert all(torch.equal(a, b) for a, b in zip(before, net.weights))
    assert (losses[-20:].mean(0) < 0.6 * losses[0]).all() and (accuracy(net, x, y) > 0.84).all()
    assert torch.allclose(density(net.masks()), torch.full((3,), 0.5))


def test_edge_popup_computes_the_masked_network():
    net = EdgePopup([3, 4, 2], [5, 6], share=0.25, init="he_normal")
    x = torch.randn(7, 3, generator=torch.Generator().manual_seed(0))
    (w, last), (m, m_last) = net.weights, net.masks()
    assert torch.allclose(net(x), (x @ (w * m)).relu() @ (last * m_last))
    alone = EdgePopup([3, 4, 2], [6], share=0.25, init="he_normal")
    assert torch.allclose(alone(x)[0], net(x)[1])


def neurons_one_by_one(hidden, out, wanted, keep):
    """The same greedy choice, with every sum computed anew and the factor fitted by least squares."""
    kept = []
    for _ in range(keep):
        errors = []
        for m in range(len(hidden)):
            made = hidden[[*kept, m]].T @ out[[*kept, m]]
            factor = ((made * wanted).sum() / made.square().sum()).clamp(min=0)
            errors.append((factor * made - wanted).square().sum() if m not in kept else torch.tensor(torch.inf))
        kept.append(int(torch.stack(errors).argmin()))
    return kept


def test_greedy_neurons_against_the_plain_computation():
    g = torch.Generator().manual_seed(4)
    hidden = torch.randn(40, 30, generator=g, dtype=torch.float64).relu()
    out = torch.randn(40, 3, generator=g, dtype=torch.float64)
    wanted = torch.randn(30, 3, generator=g, dtype=torch.float64)
    plain = neurons_one_by_one(hidden, out, wanted, 8)
    assert greedy_neurons(hidden, out, wanted, 8, stage=1).tolist() == plain
    assert greedy_neurons(hidden, out, wanted, 8, stage=3, shortlist=40).tolist() == plain
    assert greedy_neurons(hidden, out, wanted, 5, stage=3, shortlist=40).tolist() == plain[:5]


def test_greedy_neurons_finds_what_was_hidden():
    g = torch.Generator().manual_seed(5)
    hidden, out = torch.randn(500, 60, generator=g).relu(), torch.randn(500, 4, generator=g)
    hidden[7] = 0  # a dead neuron must not be divided by
    found = greedy_neurons(hidden, out, 3 * hidden[123][:, None] * out[123], 1)
    assert found.tolist() == [123]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: keep_largest([], 0.5), "at least one layer"),
        (lambda: keep_largest(SCORES, 0.0), "share must be"),
        (lambda: keep_largest(SCORES, 0.5, scope="row"), "scope must be one of layer, network"),
        (lambda: keep_largest(SCORES, 0.5, within=SCORES[:1]), "shapes of the scores"),
        (lambda: shuffled(SCORES, [1, 2]), "one seed per network, 1; got 2"),
        (lambda: density([torch.ones(2, 3), torch.ones(1, 3)]), "same K"),
        (lambda: subset_sum(torch.ones(3, 21), torch.ones(3)), "1 to 20 numbers; got 21"),
        (lambda: subset_sum(torch.ones(3, 4), torch.ones(2)), r"got \[3, 4\] and \[2\]"),
        (lambda: greedy_neurons(torch.ones(5, 3), torch.ones(4, 2), torch.ones(3, 2), 1), r"got \[5, 3\], \[4, 2\]"),
        (
            lambda: greedy_neurons(torch.ones(5, 3), torch.ones(5, 2), torch.ones(3, 2), 6),
            "keep must be between 1 and 5",
        ),
        (lambda: greedy_neurons(torch.ones(5, 3), torch.ones(5, 2), torch.ones(3, 2), 1, stage=0), "stage must be"),
        (lambda: EdgePopup([4], [0], share=0.5), "sizes must name"),
        (lambda: EdgePopup([4, 2], [], share=0.5), "at least one member"),
        (lambda: EdgePopup([4, 2], [0], share=1.5), "share must be"),
        (lambda: EdgePopup([4, 2], [0], share=0.5, init="zeros"), "init must be"),
        (lambda: EdgePopup([4, 2], [0], share=0.5, activation="sine"), "activation must be one of"),
    ],
)
def test_bad_input_is_refused_by_name(call, message):
    with pytest.raises(ValueError, match=message):
        call()
