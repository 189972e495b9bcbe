"""The network of state space layers against the same layers run step by step, and what it refuses."""

import pytest
import torch
from torch.nn.functional import gelu, layer_norm

from toolkit.models import StateSpaceNetwork
from toolkit.models.state_space import scan, vandermonde


def kernel(a, b, c, dt, length):
    z = dt[..., None] * a
    return 2 * vandermonde(c * b * (z.exp() - 1) / a, z, length).real


def entries(members, layers, channels=3, states=2):
    frequency = torch.arange(float(states)).expand(members, layers, channels, states)
    return torch.complex(torch.full_like(frequency, -0.5), frequency)


@pytest.mark.parametrize("layers", [1, 3])
def test_outputs_are_those_of_the_recurrence(layers):
    b = torch.tensor([[1.0, 2.0 - 1j], [0.5j, 1.0]])
    net = StateSpaceNetwork(kernel, entries(2, layers), seeds=[5, 6], b=b, outputs=4)
    u = torch.randn(2, 5, 30, generator=torch.Generator().manual_seed(0))
    found = net(u)
    assert found.shape == (2, 5, 30, 4)
    for k in range(2):
        signal = u[k][:, None].expand(5, 3, 30)
        for layer in range(layers):
            a = torch.complex(-net.log_decay[k, layer].exp(), net.frequency[k, layer])
            z = net.log_dt[k, layer].exp()[:, None] * a
            c = torch.view_as_complex(net.c)[k, layer]
            bars = [part.expand(5, 3, 2) for part in (z.exp(), b[k] * (z.exp() - 1) / a, c)]
            x = signal
            if layer:
                x = layer_norm(torch.einsum("bct,cd->btd", signal, net.mix[k, layer - 1]), (3,)).mT
            y = gelu(2 * scan(*bars, x).real)
            signal = y if layer == 0 else signal + y
        expected = torch.einsum("bct,co->bto", signal, net.readout[k])
        torch.testing.assert_close(found[k], expected, atol=1e-5, rtol=1e-4)


def test_a_member_depends_on_its_seed_alone():
    together = StateSpaceNetwork(kernel, entries(2, 2), seeds=[4, 9])
    alone = StateSpaceNetwork(kernel, entries(1, 2), seeds=[9])
    for a, b in zip(together.parameters(), alone.parameters()):
        assert torch.equal(a[1:], b)


def test_extra_tensors_reach_the_kernel_and_are_trained():
    def scaled(a, b, c, dt, length, factor):
        return factor[:, None, None, None] * kernel(a, b, c, dt, length)

    net = StateSpaceNetwork(scaled, entries(2, 1), seeds=[0, 1], extra=[torch.tensor([0.0, 1.0])])
    outputs = net(torch.ones(2, 1, 8))
    assert (outputs[0] == 0).all() and (outputs[1] != 0).any()
    outputs.sum().backward()
    assert net.extra[0].grad.shape == (2,)


def test_an_output_depends_on_the_past_alone():
    net = StateSpaceNetwork(kernel, entries(1, 3), seeds=[2])
    u = torch.randn(1, 1, 20, generator=torch.Generator().manual_seed(1))
    changed = u.clone()
    changed[..., 12:] += 1
    torch.testing.assert_close(net(u)[:, :, :12], net(changed)[:, :, :12], atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"entries": entries(1, 1)}, "must be complex"),
        ({"entries": entries(2, 1).real}, "must be complex"),
        ({"entries": -entries(2, 1)}, "negative real parts"),
        ({"steps": (0.0, 0.1)}, "steps must be positive"),
    ],
)
def test_refusals(change, message):
    with pytest.raises(ValueError, match=message):
        StateSpaceNetwork(kernel, **{"entries": entries(2, 1), "seeds": [0, 1]} | change)
