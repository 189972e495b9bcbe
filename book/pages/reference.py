"""The API reference, made from the docstrings of the package."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

ROOMS = {
    "toolkit": ("First steps", "What a chapter calls on the package itself."),
    "catalog": ("Catalogue", "What the book knows about each paper."),
    "data": ("Data", "What goes in."),
    "models": ("Models", "Networks that several chapters train."),
    "training": ("Training", "One loop for one network or for K at once."),
    "kernels": ("Kernels", "Tangent kernels, in closed form and measured."),
    "pruning": ("Pruning", "Masks, a search among frozen weights, sums from random pools."),
    "curvature": ("Curvature", "Hessians: products, eigenvalues, spectra."),
    "landscape": ("Landscapes", "Random subspaces, paths between networks, and matching of their units."),
    "bilevel": ("Two levels", "Hyperparameters that are learned: gradients through or around training."),
    "graphs": ("Graphs", "Walks, embeddings and what they are good for."),
    "mixtures": ("Mixtures", "Clusters, hidden labels, and how they are found."),
    "transport": ("Transport", "From one cloud of points to another, along random or straight paths."),
    "spins": ("Spins", "Networks of binary units, their dynamics and their theory."),
    "particles": ("Particles", "Stochastic motion, its steady state and its entropy production."),
    "similarity": ("Similarity", "What two networks' representations have in common."),
    "claims": ("Claims", "From values per seed to an interval and a verdict."),
    "plots": ("Plots", "One look for all figures."),
}


def pages() -> dict[str, str]:
    """One page for each room, and their contents."""
    lines = [
        "# Reference",
        "",
        "The package `toolkit` holds what several chapters share, one room for each concept.",
        "",
    ]
    made = {}
    for name, (title, summary) in ROOMS.items():
        module = name if name == "toolkit" else f"toolkit.{name}"
        lines.append(f"- [{title}]({name}.md), `{module}`: {summary}")
        blocks = "\n\n".join(
            f".. automodule:: {part}\n   :members:\n   :member-order: bysource" for part in _documented(module)
        )
        made[f"reference/{name}.md"] = f"# {title}\n\n```{{eval-rst}}\n{blocks}\n```\n"
    lines += ["", "The command line is described by `toolkit --help` and in [Run a batch](../howto/run-a-batch.md)."]
    return {"reference/index.md": "\n".join(lines) + "\n", **made}


def _documented(name: str) -> list[str]:
    """The module itself, or its modules where it offers no names of its own."""
    module = import_module(name)
    if hasattr(module, "__all__") or not hasattr(module, "__path__"):
        return [name]
    return [name, *sorted(f"{name}.{found.name}" for found in iter_modules(module.__path__))]
