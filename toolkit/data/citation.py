"""Citation graphs: Cora, CiteSeer and PubMed with the public split or ten random ones."""

from __future__ import annotations

import io
import pickle
from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from toolkit.data.form import graph_data
from toolkit.data.registry import DataError
from toolkit.data.store import read

if TYPE_CHECKING:
    from torch_geometric.data import Data

PLANETOID = ("cora", "citeseer", "pubmed")
SPLITS = ("public", "ten")


def planetoid(name: str, *, split: str = "public") -> Data:
    """A citation graph: papers, the citations between them, the words of each paper, and its topic.

    Args:
        name: ``cora`` (2,708 papers, 5,278 citations, 1,433 words, 7 topics), ``citeseer`` (3,327, 4,552, 3,703, 6;
            15 papers have no words and no citations, and topic 0) or ``pubmed`` (19,717, 44,324, 3 topics; without
            features, as the file with most of them is too large for where the others are kept).
        split: ``public``: 20 papers of each topic to train, 500 to validate, 1,000 to test, masks ``[n]``; or ``ten``:
            the ten random splits of Geom-GCN, masks ``[n, 10]``, which leave out some papers of Cora and CiteSeer.

    Returns:
        ``Data`` with ``x [n, words]`` float32, not scaled, ``y [n]`` int64, ``edge_index [2, 2 edges]`` undirected,
        and bool ``train_mask``, ``val_mask``, ``test_mask``.

    Raises:
        ValueError: another name or split.
        DataError: the files cannot be had, or are not the published ones.

    Source: Sen et al. (2008); in this form, Yang, Cohen and Salakhutdinov (2016); ten splits, Pei et al. (2020).
    """
    if name not in PLANETOID:
        raise ValueError(f"name must be one of {', '.join(PLANETOID)}; got {name!r}")
    if split not in SPLITS:
        raise ValueError(f"split must be one of {', '.join(SPLITS)}; got {split!r}")
    parts = ["y", "ty", "ally", "graph", *(["tx", "allx"] if name != "pubmed" else [])]
    part = {p: unpickle(read("planetoid", f"ind.{name}.{p}"), f"ind.{name}.{p}") for p in parts}
    tested = np.array(read("planetoid", f"ind.{name}.test.index").split(), dtype=np.int64)
    n = int(tested.max()) + 1
    y = np.zeros((n, part["ally"].shape[1]))
    y[: len(part["ally"])] = part["ally"]
    y[tested] = part["ty"]
    x = None
    if "allx" in part:
        words = np.zeros((n, part["allx"].shape[1]), dtype=np.float32)
        words[: part["allx"].shape[0]] = part["allx"].toarray()
        words[tested] = part["tx"].toarray()
        x = torch.from_numpy(words)
    edges = [(i, j) for i, neighbours in sorted(part["graph"].items()) for j in neighbours]
    masks = _public(n, len(part["y"]), tested) if split == "public" else ten_splits(name)
    return graph_data(edges, n, x=x, y=torch.from_numpy(y.argmax(axis=1)), **masks)


def _public(n: int, train: int, tested: np.ndarray) -> dict[str, Tensor]:
    masks = {f"{part}_mask": torch.zeros(n, dtype=torch.bool) for part in ("train", "val", "test")}
    masks["train_mask"][:train] = True
    masks["val_mask"][train : train + 500] = True
    masks["test_mask"][torch.from_numpy(tested)] = True
    return masks


def ten_splits(name: str) -> dict[str, Tensor]:
    """Masks ``[n, 10]`` of the ten random splits of Geom-GCN: about 60 % to train, 20 % to validate, 20 % to test."""
    masks: dict[str, list[np.ndarray]] = {"train_mask": [], "val_mask": [], "test_mask": []}
    for number in range(10):
        content = read("geom_gcn", f"splits/{name}_split_0.6_0.2_{number}.npz")
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            for key, found in masks.items():
                found.append(arrays[key].astype(bool))
    return {key: torch.from_numpy(np.stack(found, axis=1)) for key, found in masks.items()}


class _Arrays(pickle.Unpickler):
    """Makes arrays, sparse matrices, lists, dicts and numbers; whatever else a pickle asks for is refused."""

    name = "the pickle"

    def find_class(self, module: str, name: str):
        from scipy.sparse import csr_matrix

        allowed = {
            "multiarray._reconstruct": np.empty(0).__reduce__()[0],
            "numpy.ndarray": np.ndarray,
            "numpy.dtype": np.dtype,
            "csr.csr_matrix": csr_matrix,
            "collections.defaultdict": defaultdict,
            "builtins.list": list,
            "builtins.int": int,
        }
        places = {
            "numpy.core.multiarray": "multiarray",
            "numpy._core.multiarray": "multiarray",
            "scipy.sparse.csr": "csr",
            "scipy.sparse._csr": "csr",
            "__builtin__": "builtins",
        }
        try:
            return allowed[f"{places.get(module, module)}.{name}"]
        except KeyError:
            raise DataError(f"{self.name} asks for {module}.{name}; only arrays, lists and numbers are read") from None


def unpickle(content: bytes, name: str):
    """Arrays, sparse matrices, lists, dicts and numbers from a pickle of Python 2 or 3; it runs no other code.

    Args:
        content: of the file.
        name: of the file, for messages.

    Raises:
        DataError: the pickle asks for anything else, or is damaged.
    """
    reader = _Arrays(io.BytesIO(content), encoding="latin1")
    reader.name = name
    try:
        return reader.load()
    except DataError:
        raise
    except Exception as error:  # a damaged pickle fails in many ways
        raise DataError(f"{name} is not a readable pickle: {error}") from None
