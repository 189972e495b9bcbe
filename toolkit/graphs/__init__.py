"""Graphs as matrices, walks and held-out links: what embeddings and graph networks share."""

from toolkit.graphs.classify import node_classification
from toolkit.graphs.convert import sparse_tensor, to_networkx, to_scipy
from toolkit.graphs.factorize import truncated_svd
from toolkit.graphs.links import LinkSplit, area_under_roc, link_auc, split_links
from toolkit.graphs.multilabel import compare_multilabel, multilabel_f1
from toolkit.graphs.skipgram import SkipGram, deepwalk
from toolkit.graphs.walks import random_walks

__all__ = [
    "LinkSplit",
    "SkipGram",
    "area_under_roc",
    "compare_multilabel",
    "deepwalk",
    "link_auc",
    "multilabel_f1",
    "node_classification",
    "random_walks",
    "sparse_tensor",
    "split_links",
    "to_networkx",
    "to_scipy",
    "truncated_svd",
]
