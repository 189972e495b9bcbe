"""Graphs as matrices, walks and held-out links: what embeddings and graph networks share."""

from toolkit.graphs.classify import node_classification
from toolkit.graphs.convert import sparse_tensor, to_networkx, to_scipy
from toolkit.graphs.diffusion import (
    Neighbourhoods,
    diffuse,
    edge_attention,
    edge_products,
    edge_softmax,
    explicit_euler,
    implicit_euler,
    neighbourhoods,
    runge_kutta,
    spread_along,
)
from toolkit.graphs.factorize import truncated_svd
from toolkit.graphs.links import LinkSplit, area_under_roc, link_auc, split_links
from toolkit.graphs.multilabel import compare_multilabel, multilabel_f1
from toolkit.graphs.operators import (
    block_diagonal,
    dirichlet_energy,
    laplacian,
    normalized_adjacency,
    propagate,
)
from toolkit.graphs.resistance import commute_time, effective_resistance, sketched_resistance
from toolkit.graphs.skipgram import SkipGram, deepwalk
from toolkit.graphs.walks import random_walks

__all__ = [
    "LinkSplit",
    "Neighbourhoods",
    "SkipGram",
    "area_under_roc",
    "block_diagonal",
    "commute_time",
    "compare_multilabel",
    "deepwalk",
    "diffuse",
    "dirichlet_energy",
    "edge_attention",
    "edge_products",
    "edge_softmax",
    "effective_resistance",
    "explicit_euler",
    "implicit_euler",
    "laplacian",
    "link_auc",
    "multilabel_f1",
    "neighbourhoods",
    "node_classification",
    "normalized_adjacency",
    "propagate",
    "random_walks",
    "runge_kutta",
    "sketched_resistance",
    "sparse_tensor",
    "split_links",
    "spread_along",
    "to_networkx",
    "to_scipy",
    "truncated_svd",
]
