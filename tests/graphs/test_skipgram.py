"""Skip-gram on walks."""

import builtins

import networkx as nx
import numpy as np
import pytest
import torch

from toolkit.data.graphs import bundled_graph, planted_blocks
from toolkit.graphs import SkipGram, deepwalk, node_classification, sparse_tensor

pytest.importorskip("gensim")


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def test_two_cliques_are_told_apart():
    graph = nx.barbell_graph(8, 0)
    vectors = deepwalk(sparse_tensor(graph), walks=30, length=20, dimension=16, window=3, generator=generator())
    assert vectors.shape == (16, 16) and vectors.dtype == torch.float32
    cosine = np.corrcoef(vectors.numpy())
    same = np.kron(np.eye(2), np.ones((8, 8))) == 1
    off = ~np.eye(16, dtype=bool)
    assert cosine[same & off].mean() > cosine[~same].mean() + 0.2


def test_the_result_depends_on_the_generator_alone():
    graph = sparse_tensor(bundled_graph("karate").adjacency)
    options = {"walks": 3, "length": 10, "dimension": 8}
    first, again, other = (deepwalk(graph, **options, generator=generator(s)) for s in (1, 1, 2))
    assert torch.equal(first, again) and not torch.equal(first, other)


def test_rows_belong_to_their_nodes():
    """Nodes 0 and 1 always walk together; a wrong order of rows would separate them."""
    pair, rest = torch.tensor([[0, 1] * 10]), torch.tensor([[2, 3] * 10])
    walks = torch.cat([pair, rest]).repeat(200, 1)
    vectors = SkipGram(torch.tensor([1, 1, 50, 9]), dimension=8, window=3, learning_rate=0.1, seed=0).train(walks)
    assert vectors.shape == (4, 8)
    unit = torch.nn.functional.normalize(vectors, dim=1) @ torch.nn.functional.normalize(vectors, dim=1).T
    assert unit[0, 1] > unit[0, 2] + 0.3 and unit[2, 3] > unit[1, 2] + 0.2


def test_nodes_that_no_walk_visits_have_vectors():
    vectors = SkipGram(torch.zeros(5), dimension=4, seed=0).train(torch.tensor([[0, 1, 0, 1]]))
    assert vectors.shape == (5, 4) and bool(vectors.isfinite().all())


def test_training_goes_on_from_where_it_stands():
    model, walks = SkipGram(torch.ones(4), dimension=4, seed=0), torch.tensor([[0, 1, 2, 3] * 5])
    once = model.train(walks).clone()
    assert not torch.equal(once, model.train(walks, epochs=2))


def test_node2vec_walks_reach_the_trainer():
    graph = sparse_tensor(bundled_graph("karate").adjacency)
    options = {"walks": 2, "length": 10, "dimension": 8}
    plain = deepwalk(graph, **options, generator=generator())
    assert not torch.equal(plain, deepwalk(graph, q=0.25, **options, generator=generator()))


@pytest.mark.slow
def test_more_walks_help_until_they_do_not():
    graph = planted_blocks(600, 4, degree=12, mixing=0.35, generator=generator())
    scores = [
        node_classification(
            deepwalk(sparse_tensor(graph.adjacency), walks=w, window=5, generator=generator(1)),
            graph.labels,
            repeats=5,
            generator=generator(2),
        )
        for w in (1, 10, 20)
    ]
    assert scores[1] > scores[0] + 0.1 and abs(scores[2] - scores[1]) < 0.04


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: SkipGram(torch.zeros(0), seed=0), "one entry per node"),
        (lambda: SkipGram(torch.ones(3), dimension=0, seed=0), "at least 1; got 0, 10, 5"),
        (lambda: SkipGram(torch.ones(3), seed=0).train(torch.tensor([[0, 3]])), "between 0 and 2"),
        (lambda: SkipGram(torch.ones(3), seed=0).train(torch.tensor([0, 1])), "matrix of nodes"),
        (lambda: SkipGram(torch.ones(3), seed=0).train(torch.tensor([[0, 1]]), epochs=0), "epochs"),
        (lambda: deepwalk(sparse_tensor(nx.path_graph(3)), walks=0, generator=generator()), "walks must be"),
    ],
)
def test_unusable_input_is_refused(build, message):
    with pytest.raises(ValueError, match=message):
        build()


def test_missing_gensim_names_the_extra(monkeypatch):
    real = builtins.__import__

    def without(name, *args, **options):
        if name.startswith("gensim"):
            raise ModuleNotFoundError("no gensim")
        return real(name, *args, **options)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ModuleNotFoundError, match="extra 'graphs'"):
        SkipGram(torch.ones(3), seed=0)
