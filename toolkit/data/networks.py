"""Networks without node features: social ones, proteins, documents, flights, and small classic graphs.

Every loader returns torch-geometric ``Data`` (see ``toolkit.data.form``): ``edge_index [2, 2 edges]`` int64 and, where
there are classes, ``y [n]`` int64, or ``y [n, labels]`` float32 of zeros and ones where a node may have several.
``toolkit.data.form.as_graph`` gives the sparse-matrix form. All raise ``DataError`` when the files cannot be had.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
import torch

from toolkit.data.form import graph_data
from toolkit.data.store import read

if TYPE_CHECKING:
    from torch_geometric.data import Data

AIRPORTS = ("brazil-airports", "europe-airports", "usa-airports")
COLLEGES = ("Reed98", "Amherst41")
SMALL = {  # name -> file
    "barbell": "barbell.edgelist",
    "karate-mirrored": "karate-mirrored.edgelist",
    "facebook348": "facebook348.edgelist",
    "c-elegans": "C-elegans-frontal.txt",
    "as20graph": "as20graph.txt",
    "p2p-gnutella08": "p2p-Gnutella08.edgelist",
    "jazz": "jazz.g",
    "adjnoun": "adjnoun.gml",
    "dolphins": "dolphins.gml",
    "football": "football.gml",
    "lesmis": "lesmis.gml",
    "netscience": "netscience.gml",
    "polbooks": "polbooks.gml",
}
DIRECTED = ("c-elegans", "p2p-gnutella08")


def blogcatalog() -> Data:
    """BlogCatalog: 10,312 bloggers, 333,983 friendships, ``y [10312, 39]``: the groups that each has joined.

    Source: Tang and Liu (2009); in this form, Perozzi, Al-Rfou and Skiena (2014).
    """
    return _labelled_matrix("blogcatalog", "blogcatalog.mat")


def ppi() -> Data:
    """Protein interactions in humans: 3,890 proteins, 37,845 edges, ``y [3890, 50]``: biological states.

    The subgraph that node2vec used, without its 894 loops.

    Source: Breitkreutz et al. (2008); in this form, Grover and Leskovec (2016).
    """
    return _labelled_matrix("ppi_homo_sapiens", "Homo_sapiens.mat")


def wiki() -> Data:
    """Wiki: 2,405 documents, 11,596 links between them, ``y [2405]`` in 17 classes.

    Source: Yang et al. (2015), TADW; in this form, OpenNE.
    """
    labels = _numbers(read("wiki_tadw", "wiki_labels.txt"))
    _, y = np.unique(labels[np.argsort(labels[:, 0]), 1], return_inverse=True)
    return graph_data(_numbers(read("wiki_tadw", "Wiki_edgelist.txt")), len(y), y=torch.from_numpy(y))


def airports(name: str) -> Data:
    """Airports, flights between them, and as ``y [n]`` four levels of activity, 0 the highest.

    Args:
        name: ``brazil-airports`` (131 airports, 1,003 edges), ``europe-airports`` (399, 5,993) or ``usa-airports``
            (1,190, 13,599).

    Raises:
        ValueError: another name.

    Source: Ribeiro, Saverese and Figueiredo (2017), struc2vec.
    """
    if name not in AIRPORTS:
        raise ValueError(f"name must be one of {', '.join(AIRPORTS)}; got {name!r}")
    labels = _numbers(read("airports", f"labels-{name}.txt").split(b"\n", 1)[1])
    labels = labels[np.argsort(labels[:, 0])]
    edges = np.searchsorted(labels[:, 0], _numbers(read("airports", f"{name}.edgelist")))
    return graph_data(edges, len(labels), y=torch.tensor(labels[:, 1]))


def facebook100(name: str) -> Data:
    """Friends at a college in 2005, anonymised: do not try to identify anyone.

    Args:
        name: ``Reed98`` (962 people, 18,812 edges) or ``Amherst41`` (2,235, 90,954).

    Returns:
        ``Data`` with ``attributes [n, 7]`` int64: status, gender, major, second major or minor, dorm, year, high
        school, 0 where it is missing; and ``y [n]``: gender, 0 or 1, or -1 where it is missing.

    Raises:
        ValueError: another name.

    Source: Traud, Mucha and Porter (2012); gender as the class, Lim et al. (2021).
    """
    if name not in COLLEGES:
        raise ValueError(f"name must be one of {', '.join(COLLEGES)}; got {name!r}")
    matrix, info = _matlab("facebook100", f"{name}.mat", ["A", "local_info"])
    info = torch.from_numpy(info.astype(np.int64))
    return graph_data(_pairs(matrix), len(info), y=info[:, 1] - 1, attributes=info)


def small_graph(name: str, *, directed: bool = False) -> Data:
    """A small classic graph; nodes in the order of their numbers in the file.

    Args:
        name: ``dolphins`` (62 nodes, 159 edges), ``lesmis`` (77, 254), ``polbooks`` (105, 441, by politics),
            ``adjnoun`` (112, 425, by kind of word), ``football`` (115, 613, by conference), ``jazz`` (198, 2,742),
            ``netscience`` (1,589, 2,742), ``barbell`` (30, 101), ``karate-mirrored`` (68, 155), ``facebook348`` (224,
            3,192), ``as20graph`` (6,474, 12,572), and two whose edges have a direction: ``c-elegans`` (131, 764) and
            ``p2p-gnutella08`` (6,301, 20,777).
        directed: keep the direction of the edges, of those two.

    Returns:
        ``Data`` with ``edge_index``, and ``y [n]`` where a set says "by"; classes are in the order of their names.

    Raises:
        ValueError: another name, or directed edges of a set that has none.

    Source: Lusseau et al. (2003); Knuth (1993); Krebs; Newman (2006); Girvan and Newman (2002); Gleiser and Danon
        (2003); Ribeiro et al. (2017); Leskovec et al. (2005); Benson, Gleich and Leskovec (2016); Ripeanu and Foster
        (2002).
    """
    if name not in SMALL:
        raise ValueError(f"name must be one of {', '.join(SMALL)}; got {name!r}")
    if directed and name not in DIRECTED:
        raise ValueError(f"only {' and '.join(DIRECTED)} have directions; got {name!r}")
    content = read("small_graphs", SMALL[name])
    if SMALL[name].endswith(".gml"):
        return _gml(content)
    nodes, edges = np.unique(_numbers(content), return_inverse=True)
    return graph_data(edges.reshape(-1, 2), len(nodes), directed=directed)


def _gml(content: bytes) -> Data:
    """A graph in GML; the field ``value`` of its nodes gives the classes."""
    import networkx as nx

    graph = nx.read_gml(io.BytesIO(content), label="id")
    nodes = sorted(graph)
    position = {node: i for i, node in enumerate(nodes)}
    values = [graph.nodes[node].get("value") for node in nodes]
    y = None if None in values else torch.from_numpy(np.unique(values, return_inverse=True)[1])
    return graph_data([(position[i], position[j]) for i, j in graph.edges()], len(nodes), y=y)


def _numbers(content: bytes) -> np.ndarray:
    """``[rows, 2]`` whole numbers of a text with two in each line; lines that start with # are left out."""
    lines = (line for line in content.splitlines() if not line.startswith(b"#"))
    return np.array(b" ".join(lines).split(), dtype=np.int64).reshape(-1, 2)


def _matlab(entry: str, name: str, wanted: list[str]) -> list:
    """Variables of a MATLAB file; only numbers and sparse matrices of numbers are taken."""
    from scipy.io import loadmat
    from scipy.sparse import issparse

    found = loadmat(io.BytesIO(read(entry, name)), variable_names=wanted, spmatrix=False)
    for value in (found[key] for key in wanted):
        if not issparse(value) and value.dtype.kind not in "iufb":
            raise TypeError(f"{name} must hold numbers only; got an array of type {value.dtype}")
    return [found[key] for key in wanted]


def _pairs(matrix) -> np.ndarray:
    """``[m, 2]`` positions of the entries of a sparse matrix."""
    entries = matrix.tocoo()
    return np.stack([entries.row, entries.col], axis=1)


def _labelled_matrix(entry: str, name: str) -> Data:
    network, group = _matlab(entry, name, ["network", "group"])
    return graph_data(_pairs(network), network.shape[0], y=torch.tensor(group.toarray() != 0).float())
