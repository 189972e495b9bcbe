"""The small transformer against torch's own layers with the same weights, and what its masks promise."""

import pytest
import torch
from torch import nn

from toolkit.models import Ensemble, LanguageModel, Transformer, causal_mask, context_mask, sinusoidal_positions

G = torch.Generator().manual_seed(0)


def torch_layers(net: Transformer, width, heads, hidden, activation, norm_first) -> nn.TransformerEncoder:
    """torch's encoder with the weights of ours."""
    layer = nn.TransformerEncoderLayer(
        width, heads, hidden, 0.0, activation, batch_first=True, norm_first=norm_first, dtype=torch.float64
    )
    norm = nn.LayerNorm(width, dtype=torch.float64) if norm_first else None
    encoder = nn.TransformerEncoder(layer, len(net.blocks), norm=norm, enable_nested_tensor=False)
    pairs = {
        "self_attn.in_proj_": "attention.query_key_value.",
        "self_attn.out_proj.": "attention.out.",
        "linear1.": "expand.",
        "linear2.": "contract.",
        "norm1.": "norm_attention.",
        "norm2.": "norm_dense.",
    }
    for theirs, ours in zip(encoder.layers, net.blocks):
        found = ours.state_dict()
        state = {a + kind: found[b + kind] for a, b in pairs.items() for kind in ("weight", "bias")}
        theirs.load_state_dict(state)
    if norm_first:
        encoder.norm.load_state_dict(net.norm.state_dict())
    return encoder


@pytest.mark.parametrize("length", [7, 40])
@pytest.mark.parametrize("masking", [None, "causal", "context"])
@pytest.mark.parametrize(("activation", "norm_first"), [("gelu", True), ("relu", False)])
def test_is_torchs_encoder_with_the_same_weights(masking, activation, norm_first, length):
    net = Transformer(12, 2, 3, hidden=20, activation=activation, norm_first=norm_first).double()
    for parameter in net.parameters():
        nn.init.normal_(parameter, std=0.5, generator=G)
    reference = torch_layers(net, 12, 3, 20, activation, norm_first)
    mask = {None: None, "causal": causal_mask(length), "context": context_mask(length, 3)}[masking]
    x = torch.randn(4, length, 12, dtype=torch.float64, generator=G, requires_grad=True)
    expected = reference(x, mask=None if mask is None else ~mask)  # torch marks what is hidden
    found = net(x, mask)
    torch.testing.assert_close(found, expected)
    weights = torch.randn(found.shape, dtype=torch.float64, generator=G)
    torch.testing.assert_close(
        torch.autograd.grad((found * weights).sum(), x), torch.autograd.grad((expected * weights).sum(), x)
    )


def test_a_mask_may_differ_from_sequence_to_sequence():
    net = Transformer(8, 2, 2)
    x = torch.randn(2, 5, 8, generator=G)
    masks = torch.stack([causal_mask(5), context_mask(5, 2)])[:, None]
    together = net(x, masks)
    for k in range(2):
        torch.testing.assert_close(together[k], net(x[k : k + 1], masks[k, 0])[0])


def test_without_positions_the_input_is_a_set():
    net, x = Transformer(8, 2, 2), torch.randn(1, 6, 8, generator=G)
    order = torch.randperm(6, generator=G)
    torch.testing.assert_close(net(x)[:, order], net(x[:, order]))


@pytest.mark.parametrize("itself", [False, True])
def test_queries_do_not_see_each_other(itself):
    net, x = Transformer(8, 3, 2), torch.randn(1, 6, 8, generator=G)
    full = net(x, context_mask(6, 4, itself=itself))
    for query in (4, 5):
        alone = net(x[:, [0, 1, 2, 3, query]], context_mask(5, 4, itself=itself))
        torch.testing.assert_close(full[:, query], alone[:, 4])
    changed = x.clone()
    changed[:, 1] = torch.randn(8, generator=G)
    assert not torch.allclose(net(changed, context_mask(6, 4, itself=itself))[:, 5], full[:, 5])


@pytest.mark.parametrize("positions", ["learned", "sinusoidal", None])
def test_a_language_model_does_not_see_the_future(positions):
    net = LanguageModel(11, 8, 12, 2, 3, positions=positions)
    tokens = torch.randint(11, (3, 8), generator=G)
    later = tokens.clone()
    later[:, 5:] = (later[:, 5:] + 1) % 11
    logits = net(tokens)
    assert logits.shape == (3, 8, 11)
    torch.testing.assert_close(net(later)[:, :5], logits[:, :5])
    assert not torch.allclose(net(later)[:, 5], logits[:, 5])
    torch.testing.assert_close(net(tokens[:, :4]), logits[:, :4])


def test_sinusoidal_positions_are_their_formula():
    table = sinusoidal_positions(20, 6)
    for position in (0, 7, 19):
        for i in range(3):
            angle = torch.tensor(position / 10000 ** (2 * i / 6))
            torch.testing.assert_close(table[position, 2 * i], angle.sin())
            torch.testing.assert_close(table[position, 2 * i + 1], angle.cos())


@pytest.mark.filterwarnings("error")
def test_an_ensemble_is_its_members():
    def build():
        return LanguageModel(11, 8, 12, 2, 3)

    ensemble = Ensemble(build, [3, 4])
    tokens = torch.randint(11, (2, 5, 8), generator=G)
    logits = ensemble(tokens)
    logits.square().sum().backward()
    for k, seed in enumerate((3, 4)):
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            alone = build()
        single = alone(tokens[k])
        torch.testing.assert_close(logits[k], single)
        single.square().sum().backward()
        for name, parameter in alone.named_parameters():
            gradient = ensemble.named_members()[name].grad[k]
            torch.testing.assert_close(gradient, parameter.grad, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Transformer(10, 1, 3), "multiple of heads"),
        (lambda: Transformer(10, 0, 2), "depth"),
        (lambda: Transformer(10, 1, 2, activation="erf"), "activation must be one of"),
        (lambda: LanguageModel(5, 4, 8, 1, 2, positions="rotary"), "positions must be"),
        (lambda: LanguageModel(5, 4, 8, 1, 2)(torch.zeros(1, 5, dtype=torch.long)), "at most 4"),
        (lambda: Transformer(8, 1, 2)(torch.zeros(1, 3, 8), torch.zeros(3, 3)), "truth values"),
        (lambda: Transformer(8, 1, 2)(torch.zeros(1, 3, 8), causal_mask(4)), "3, 3"),
        (lambda: context_mask(4, 0), "between 1 and 4"),
        (lambda: causal_mask(0), "at least 1"),
        (lambda: sinusoidal_positions(4, 5), "even"),
    ],
)
def test_refuses(make, words):
    with pytest.raises(ValueError, match=words):
        make()
