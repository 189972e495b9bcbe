"""Events and series on graphs."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from toolkit.data.store import read

SERIES = {
    "chickenpox": "chickenpox.json",
    "pedalme-london": "pedalme_london.json",
    "england-covid": "england_covid.json",
}


@dataclass(frozen=True)
class Events:
    """A temporal network as a list of events, in the order of their times.

    Attributes:
        name: of the set.
        n: number of nodes, which are 0 to n - 1.
        src, dst: ``[m]`` int64: from whom to whom.
        t: ``[m]`` int64 seconds, never decreasing, counted from the first event.
    """

    name: str
    n: int
    src: Tensor
    dst: Tensor
    t: Tensor

    def __len__(self) -> int:
        return len(self.t)


def college_messages() -> Events:
    """Private messages between students: 1,899 nodes, 59,835 messages in 193 days.

    Raises:
        DataError: the file cannot be had, or is not the published one.

    Source: Panzarasa, Opsahl and Carley (2009).
    """
    table = np.array(read("collegemsg", "CollegeMsg.txt").split(), dtype=np.int64).reshape(-1, 3)
    table = table[np.argsort(table[:, 2], kind="stable")]
    nodes, ends = np.unique(table[:, :2], return_inverse=True)
    src, dst = torch.from_numpy(ends.reshape(-1, 2)).T.contiguous()
    return Events("CollegeMsg", len(nodes), src, dst, torch.from_numpy(table[:, 2] - table[0, 2]))


@dataclass(frozen=True)
class GraphSeries:
    """A number for each node at each step, and the graph at each step.

    Attributes:
        name: of the set.
        values: ``[steps, n]`` float32.
        edge_index: one ``[2, m]`` int64 for all steps, or one for each; directed, with loops where the source has them.
        edge_weight: ``[m]`` float32 for each of these.
        step: what a step is.
    """

    name: str
    values: Tensor
    edge_index: tuple[Tensor, ...]
    edge_weight: tuple[Tensor, ...]
    step: str

    @property
    def n(self) -> int:
        """Number of nodes."""
        return self.values.shape[1]


def graph_series(name: str) -> GraphSeries:
    """A series on a graph, with the numbers of the source.

    Args:
        name: ``chickenpox`` (20 counties of Hungary, 521 weeks; cases, standardised), ``pedalme-london`` (15 areas of
            London, 35 weeks; bicycle deliveries, standardised) or ``england-covid`` (129 areas of England, 61 days;
            cases, with a graph of movements for each day).

    Raises:
        ValueError: another name.
        DataError: the files cannot be had, or are not the published ones.

    Source: Rozemberczki et al. (2021), PyTorch Geometric Temporal; Panagopoulos, Nikolentzos and Vazirgiannis (2021).
    """
    if name not in SERIES:
        raise ValueError(f"name must be one of {', '.join(SERIES)}; got {name!r}")
    found = json.loads(read("spatiotemporal", SERIES[name]))
    if name == "england-covid":
        mapping, days = found["edge_mapping"], range(found["time_periods"])
        edges = [mapping["edge_index"][str(day)] for day in days]
        weights = [mapping["edge_weight"][str(day)] for day in days]
        values, step = found["y"], "day"
    else:
        edges = [found["edges"]]
        weights = [found.get("weights", [1.0] * len(found["edges"]))]
        values, step = found["FX" if name == "chickenpox" else "X"], "week"
    return GraphSeries(
        name,
        torch.tensor(values, dtype=torch.float32),
        tuple(torch.tensor(part).T.contiguous() for part in edges),
        tuple(torch.tensor(part, dtype=torch.float32) for part in weights),
        step,
    )
