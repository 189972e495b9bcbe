"""One look for all figures: style, colours, intervals, and figures shown with caption and alt text."""

from __future__ import annotations

import io
import math

import matplotlib.pyplot as plt
import numpy as np
from cycler import cycler

from toolkit.claims.statistics import LEVEL

# Okabe and Ito (2008), Color Universal Design; ordered so that neighbours differ in lightness too.
COLOURS = {
    "blue": "#0072b2",
    "orange": "#e69f00",
    "green": "#009e73",
    "vermillion": "#d55e00",
    "purple": "#cc79a7",
    "sky": "#56b4e9",
    "black": "#000000",
}
WIDTH = 7.2  # inches, the book's text column
DOTS_PER_INCH = 144

STYLE = {
    "figure.figsize": (WIDTH, 3.2),
    "figure.dpi": 100,
    "figure.facecolor": "white",
    "figure.constrained_layout.use": True,
    "font.size": 10,
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.prop_cycle": cycler(color=list(COLOURS.values())),
    "grid.alpha": 0.3,
    "lines.linewidth": 1.8,
    "lines.markersize": 4.5,
    "legend.frameon": False,
    "legend.fontsize": 9,
    "image.cmap": "viridis",
}


def figure(rows: int = 1, columns: int = 1, *, height: float = 3.2, **options):
    """A figure as wide as the text column, in the book's style.

    Args:
        rows, columns: the grid of axes.
        height: inches.
        options: passed to ``matplotlib.pyplot.subplots`` (``sharex``, ``width_ratios``, ...).

    Returns:
        ``(figure, axes)`` as ``subplots`` gives them.
    """
    plt.rcParams.update(STYLE)
    made = plt.subplots(rows, columns, figsize=(WIDTH, height), **options)
    plt.close(made[0])  # shown by `show` alone, never a second time by the inline backend
    return made


def band(axes, x, values, *, label: str | None = None, colour: str | None = None, marker: str = "o", **options):
    """Draws the mean over seeds with its 95 % t interval.

    Args:
        axes: where to draw.
        x: ``[m]``, positions.
        values: ``[n, m]``, one row per seed; a tensor or array.
        label, colour, marker, options: as for ``axes.plot``; colour may be a name of ``COLOURS``.

    Raises:
        ValueError: values are not ``[n, m]`` with ``m`` positions.
    """
    if hasattr(values, "detach"):
        values = values.detach().cpu().numpy()
    values = np.asarray(values, dtype=float)
    if values.ndim != 2 or values.shape[1] != len(x):
        raise ValueError(f"values must have shape [seeds, {len(x)}]; got {values.shape}")
    mean, half = mean_and_half_width(values)
    colour = COLOURS.get(colour, colour)
    (line,) = axes.plot(x, mean, marker=marker, label=label, color=colour, **options)
    if len(x) == 1:
        axes.errorbar(x, mean, yerr=half, color=line.get_color(), capsize=3)
    else:
        axes.fill_between(x, mean - half, mean + half, color=line.get_color(), alpha=0.2, linewidth=0)
    return line


def ribbon(axes, x, middle, low, high, *, label: str | None = None, colour: str | None = None, fill: bool = True):
    """Draws a prediction with its interval: a line in a shaded band, or between dashed lines.

    Args:
        axes: where to draw.
        x, middle, low, high: ``[m]``, tensors or arrays.
        label, colour: of the line; colour may be a name of ``COLOURS``.
        fill: shades the band; if not, its borders are dashed and all lines thin.
    """
    x, middle, low, high = (v.detach().cpu().numpy() if hasattr(v, "detach") else v for v in (x, middle, low, high))
    (line,) = axes.plot(x, middle, label=label, color=COLOURS.get(colour, colour), linewidth=None if fill else 1)
    if fill:
        axes.fill_between(x, low, high, color=line.get_color(), alpha=0.25, linewidth=0)
        return
    for border in (low, high):
        axes.plot(x, border, color=line.get_color(), linewidth=1, linestyle="--")


def mean_and_half_width(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and half width of the 95 % t interval over the first axis of ``[n, ...]``."""
    from scipy import stats

    n = values.shape[0]
    mean = values.mean(axis=0)
    if n == 1:
        return mean, np.zeros_like(mean)
    half = stats.t.ppf((1 + LEVEL) / 2, n - 1) * values.std(axis=0, ddof=1) / math.sqrt(n)
    return mean, half


def png(fig) -> bytes:
    """The figure as PNG, with a palette of at most 256 colours: a third of the weight, the same look."""
    from PIL import Image

    raw, small = io.BytesIO(), io.BytesIO()
    fig.savefig(raw, format="png", dpi=DOTS_PER_INCH, facecolor="white")
    Image.open(raw).convert("RGB").quantize(256, method=Image.Quantize.MEDIANCUT).save(
        small, format="png", optimize=True
    )
    return small.getvalue()


def show(fig, *, caption: str, alt: str) -> None:
    """Shows a figure with its caption and a text for those who cannot see it.

    Args:
        fig: the figure.
        caption: what is drawn, in one or two sentences of Markdown.
        alt: what the picture shows, for a reader who hears it.

    Raises:
        ValueError: caption or alt text is empty or holds a control character, or an axis has no label.
    """
    from IPython.display import Image, Markdown, display

    if not caption.strip() or not alt.strip():
        raise ValueError("a figure needs a caption and an alt text")
    if any(ord(character) < 32 and character != "\n" for character in caption + alt):
        raise ValueError("caption and alt text must not hold control characters; write r'$\\alpha$', not '$\\alpha$'")
    for axes in fig.axes:
        if axes.axison and axes.get_label() != "<colorbar>" and not (axes.get_xlabel() or axes.get_ylabel()):
            raise ValueError("every axis of a figure needs a label")
    width = round(fig.get_figwidth() * 100)
    display(
        Image(data=png(fig), format="png", width=width, alt=" ".join(alt.split())),
        metadata={"caption": " ".join(caption.split())},
    )
    display(Markdown(f"*Figure.* {' '.join(caption.split())}"))
