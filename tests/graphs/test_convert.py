"""The three forms of a graph."""

import warnings

import networkx as nx
import numpy as np
import pytest
import torch
from scipy.sparse import coo_array, csr_array

from toolkit.graphs import sparse_tensor, to_networkx, to_scipy

FORMS = {
    "networkx": lambda graph, matrix: graph,
    "scipy": lambda graph, matrix: csr_array(matrix),
    "scipy coo": lambda graph, matrix: coo_array(matrix),
    "torch dense": lambda graph, matrix: torch.from_numpy(matrix),
    "torch coo": lambda graph, matrix: torch.from_numpy(matrix).to_sparse(),
    "torch csr": lambda graph, matrix: sparse_tensor(graph),
}


@pytest.fixture
def weighted():
    graph = nx.les_miserables_graph()
    return nx.convert_node_labels_to_integers(graph)


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_same_matrix(form, weighted):
    expected = nx.to_numpy_array(weighted, dtype=np.float32)
    given = FORMS[form](weighted, expected)
    found = to_scipy(given)
    np.testing.assert_array_equal(found.toarray(), expected)
    assert found.dtype == np.float32 and found.has_sorted_indices
    tensor = sparse_tensor(given, dtype=torch.float64)
    assert tensor.layout == torch.sparse_csr and tensor.dtype == torch.float64
    torch.testing.assert_close(tensor.to_dense(), torch.from_numpy(expected).double())
    assert nx.utils.graphs_equal(to_networkx(given), nx.from_numpy_array(expected)) or sorted(
        to_networkx(given).edges
    ) == sorted(weighted.edges)


def test_a_change_of_the_copy_leaves_the_original_alone():
    matrix = csr_array(np.ones((2, 2), dtype=np.float32))
    to_scipy(matrix).data[:] = 7
    assert matrix.data.max() == 1


def test_products_with_the_tensor_are_those_of_scipy(weighted):
    x = np.random.default_rng(0).normal(size=(77, 3)).astype(np.float32)
    expected = nx.to_scipy_sparse_array(weighted) @ x
    np.testing.assert_allclose((sparse_tensor(weighted) @ torch.from_numpy(x)).numpy(), expected, rtol=1e-5)


def test_no_warning_reaches_the_reader(weighted):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sparse_tensor(weighted)


def test_labels_and_weights_travel_to_networkx():
    made = to_networkx(np_path := csr_array(nx.to_numpy_array(nx.path_graph(3))), labels=torch.tensor([4, 5, 6]))
    assert [label for _, label in made.nodes(data="label")] == [4, 5, 6]
    assert made.edges == nx.path_graph(3).edges and all(not data for *_, data in made.edges(data=True))
    heavy = to_networkx(np_path * 2.5)
    assert {data["weight"] for *_, data in heavy.edges(data=True)} == {2.5}


def test_isolated_nodes_survive():
    assert to_networkx(csr_array((4, 4), dtype=np.float32)).number_of_nodes() == 4


def test_unusable_input_is_refused():
    with pytest.raises(TypeError, match="got list"):
        to_scipy([[0, 1], [1, 0]])
    with pytest.raises(ValueError, match="square"):
        to_scipy(torch.zeros(3))
    with pytest.raises(ValueError, match="square"):
        sparse_tensor(csr_array((2, 3)))
    with pytest.raises(ValueError, match="symmetric"):
        to_networkx(csr_array(np.array([[0, 1], [0, 0]])))
    with pytest.raises(ValueError, match="one entry per node, 2; got 3"):
        to_networkx(csr_array((2, 2)), labels=[1, 2, 3])
