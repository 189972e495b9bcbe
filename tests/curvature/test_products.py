"""Products and matrices against torch.autograd.functional and closed forms."""

import pytest
import torch
from torch import nn

from toolkit.curvature import as_matrix, flatten, gauss_newton, gauss_newton_product, hessian, hessian_product
from toolkit.models import MLP, Ensemble
from toolkit.training import cross_entropy, squared_error


def numbers(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def small(members=3, **options):
    net = MLP([4, 6, 3], range(members), activation="tanh", dtype=torch.float64, **options)
    x, y = numbers(20, 4), torch.arange(20) % 3
    vectors, network = flatten(net)
    return net, vectors, network, x, y


def convolutional():
    return nn.Sequential(
        nn.Conv2d(1, 2, 3, stride=2), nn.Softplus(), nn.Flatten(), nn.Linear(18, 3)
    ).double()  # fmt: skip


@pytest.mark.parametrize("init", ["glorot_normal", "ntk"])
def test_a_flat_mlp_computes_the_same(init):
    net, vectors, network, x, _ = small(init=init, weight_scale=1.7)
    found = torch.func.vmap(network, (0, None))(vectors, x)
    torch.testing.assert_close(found, net(x).detach())
    torch.testing.assert_close(vectors[1], torch.cat([p[1].flatten() for p in net.parameters()]).detach())


def test_a_flat_ensemble_or_module_computes_the_same():
    x = numbers(5, 1, 8, 8)
    ensemble = Ensemble(convolutional, [0, 1])
    vectors, network = flatten(ensemble)
    torch.testing.assert_close(
        torch.func.vmap(network, (0, None))(vectors, x), ensemble(x.expand(2, *x.shape)).detach()
    )
    module = convolutional()
    vector, network = flatten(module)
    assert vector.ndim == 1
    torch.testing.assert_close(network(vector, x), module(x).detach())
    assert not any(p.is_meta for p in module.parameters())


def test_members_that_differ_in_more_than_parameters_are_refused():
    with pytest.raises(ValueError, match="weight_scale"):
        flatten(MLP([2, 3, 1], [0, 1], init="ntk", weight_scale=torch.tensor([1.0, 2.0])))
    vectors, _ = flatten(MLP([2, 3, 1], [0, 1], weight_scale=torch.tensor([1.0, 2.0])))
    assert vectors.shape == (2, 13)


def reference(network, vector, x, y, loss=cross_entropy):
    return torch.autograd.functional.hessian(lambda v: loss(network(v, x), y), vector)


def test_hessians_of_members_agree_with_torch():
    _, vectors, network, x, y = small()
    found = hessian(lambda v, x, y: cross_entropy(network(v, x), y), vectors, x, y)
    for k in range(3):
        torch.testing.assert_close(found[k], reference(network, vectors[k], x, y), rtol=1e-10, atol=1e-12)
    alone = hessian(lambda v: cross_entropy(network(v, x), y), vectors[1], rows=7)
    torch.testing.assert_close(alone, found[1], rtol=1e-10, atol=1e-12)


def test_hessians_with_data_of_their_own():
    _, vectors, network, _, y = small()
    x = numbers(3, 20, 4, seed=5)
    y = torch.stack([y, y.flip(0), (y + 1) % 3])
    found = hessian(lambda v, x, y: cross_entropy(network(v, x), y), vectors, x, y, own_data=True)
    for k in range(3):
        torch.testing.assert_close(found[k], reference(network, vectors[k], x[k], y[k]), rtol=1e-10, atol=1e-12)


def test_hessians_of_convolutional_networks():
    x, y = numbers(5, 1, 8, 8), torch.arange(5) % 3
    vectors, network = flatten(Ensemble(convolutional, [0, 1]))
    found = hessian(lambda v: cross_entropy(network(v, x), y), vectors)
    torch.testing.assert_close(found[1], reference(network, vectors[1], x, y), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("lead", [(), (2,), (2, 3)])
def test_products_keep_the_axes_of_probes(lead):
    _, vectors, network, x, y = small()
    size = vectors.shape[1]
    product = hessian_product(lambda v: cross_entropy(network(v, x), y), vectors)
    probes = numbers(3, *lead, size, seed=2)
    matrices = hessian(lambda v: cross_entropy(network(v, x), y), vectors)
    torch.testing.assert_close(product(probes), torch.einsum("kab,k...b->k...a", matrices, probes))
    single = hessian_product(lambda v: cross_entropy(network(v, x), y), vectors[2])
    torch.testing.assert_close(single(probes[2]), probes[2] @ matrices[2])


def test_quadratic_form():
    a = numbers(5, 5)
    matrix = a @ a.T
    found = hessian(lambda v: v @ matrix @ v / 2 + v.sum(), numbers(4, 5))
    torch.testing.assert_close(found, matrix.expand(4, 5, 5))
    assert (hessian(lambda v: v.sum(), numbers(5)) == 0).all()


def test_gauss_newton_by_its_definition():
    net, vectors, network, x, y = small()
    found = gauss_newton(network, cross_entropy, vectors, x, y)
    for k, vector in enumerate(vectors):
        jacobian = torch.func.jacrev(network)(vector, x)  # [n, o, P]
        p = network(vector, x).softmax(-1)
        inner = torch.diag_embed(p) - p[:, :, None] * p[:, None, :]
        expected = torch.einsum("nap,nab,nbq->pq", jacobian, inner, jacobian) / len(x)
        torch.testing.assert_close(found[k], expected, rtol=1e-10, atol=1e-12)
    product = gauss_newton_product(network, cross_entropy, vectors[0], x, y)
    torch.testing.assert_close(as_matrix(product, vectors[0]), found[0])


def test_gauss_newton_is_the_hessian_of_a_linear_model():
    vectors, network = flatten(MLP([4, 3], [0, 1], dtype=torch.float64))
    x, y = numbers(2, 9, 4), numbers(2, 9, 3, seed=1)
    found = gauss_newton(network, squared_error, vectors, x, y, own_data=True)
    expected = hessian(lambda v, x, y: squared_error(network(v, x), y), vectors, x, y, own_data=True)
    torch.testing.assert_close(found, expected)


def test_what_does_not_fit_is_refused():
    _, vectors, network, x, y = small()

    def loss(v):
        return cross_entropy(network(v, x), y)

    with pytest.raises(ValueError, match=r"parameters must be \[P\] or \[K, P\]"):
        hessian_product(loss, vectors[None])
    with pytest.raises(ValueError, match="a scalar for each network"):
        hessian_product(lambda v: network(v, x), vectors)
    with pytest.raises(ValueError, match=r"vectors must be \[3, ..., 51\]"):
        hessian_product(loss, vectors)(vectors[:2])
    with pytest.raises(ValueError, match="own_data"):
        hessian_product(lambda v, x: network(v, x).sum(), vectors, x, own_data=True)
    with pytest.raises(ValueError, match="rows"):
        hessian(loss, vectors, rows=0)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
def test_on_a_gpu():
    net, vectors, network, x, y = small()
    expected = hessian(lambda v: cross_entropy(network(v, x), y), vectors)
    vectors, network = flatten(net.to("cuda"))
    x, y = x.cuda(), y.cuda()
    found = hessian(lambda v: cross_entropy(network(v, x), y), vectors)
    torch.testing.assert_close(found.cpu(), expected)
