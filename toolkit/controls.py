"""A control to turn: live in JupyterLab, and the same pictures as plain HTML where no kernel runs."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Mapping
from html import escape
from itertools import product
from math import prod
from uuid import uuid4

MOST_FRAMES = 60


def explore(draw: Callable, **choices) -> None:
    """Shows a figure that answers "what if", with one control for each choice.

    Args:
        draw: takes one keyword argument per choice and returns a matplotlib figure. The first line of
            its docstring describes the picture.
        choices: name -> the values on offer, as a sequence, or as a mapping from label to value. All
            combinations are drawn ahead for the static page; at most 60.

    Raises:
        ValueError: no choice, a choice with fewer than two values, too many combinations, or a ``draw``
            without docstring.
        TypeError: a choice is neither a sequence nor a mapping.
    """
    from IPython.display import display

    from toolkit.plots import png

    labelled = {name: _labels(name, values) for name, values in choices.items()}
    if not labelled:
        raise ValueError("explore needs at least one choice, such as width=[32, 512]")
    if not (draw.__doc__ or "").strip():
        raise ValueError("the draw function needs a docstring that describes the picture")
    count = prod(map(len, labelled.values()))
    if count > MOST_FRAMES:
        raise ValueError(f"{count} combinations are too many; offer at most {MOST_FRAMES}")
    title = draw.__doc__.strip().splitlines()[0]
    combinations = product(*(options.values() for options in labelled.values()))
    frames = [png(draw(**dict(zip(labelled, values)))) for values in combinations]
    page = static_page(title, {name: list(options) for name, options in labelled.items()}, frames)
    bundle = {"text/plain": f"{title} (choose: {', '.join(labelled)})", "text/html": page}
    live = _live(draw, title, labelled, frames[0])
    if live is not None:
        bundle |= live._repr_mimebundle_()
        bundle["text/plain"] = f"{title} (choose: {', '.join(labelled)})"
    display(bundle, raw=True)


def _labels(name: str, values) -> dict[str, object]:
    """The values on offer by the label that a reader sees."""
    if isinstance(values, Mapping):
        options = {str(label): value for label, value in values.items()}
    elif isinstance(values, Iterable) and not isinstance(values, str | bytes):
        options = {f"{v:g}" if isinstance(v, float) else str(v): v for v in values}
    else:
        raise TypeError(f"choice {name!r} must be a sequence or a mapping of values; got {values!r}")
    if len(options) < 2:
        raise ValueError(f"choice {name!r} must offer at least two different values")
    return options


def _live(draw, title, labelled, first: bytes):
    """The ipywidgets form, or None where ipywidgets is not installed."""
    try:
        import ipywidgets
    except ImportError:
        return None
    from toolkit.plots import png

    picture = ipywidgets.Image(value=first, format="png", layout={"max_width": "100%", "width": "720px"})
    message = ipywidgets.HTML()
    sliders = {
        name: ipywidgets.SelectionSlider(
            options=list(options.items()), description=name.replace("_", " "), continuous_update=False
        )
        for name, options in labelled.items()
    }

    def redraw(_=None):
        try:
            picture.value = png(draw(**{name: slider.value for name, slider in sliders.items()}))
            message.value = ""
        except Exception as error:  # shown beside the control; a traceback would vanish in the log
            message.value = f"<p role='alert'>{escape(type(error).__name__)}: {escape(str(error))}</p>"

    for slider in sliders.values():
        slider.observe(redraw, names="value")
    return ipywidgets.VBox([ipywidgets.HTML(f"<p>{escape(title)}</p>"), *sliders.values(), picture, message])


def static_page(title: str, labels: dict[str, list[str]], frames: list[bytes]) -> str:
    """The control as HTML with script and pictures inside, in the order of ``itertools.product``."""
    key = f"explore-{uuid4().hex[:8]}"
    controls = []
    for name, options in labels.items():
        controls.append(
            f'<label style="display:flex;gap:0.8em;align-items:center;margin:0.3em 0">'
            f'<span style="min-width:8em">{escape(name.replace("_", " "))}</span>'
            f'<input type="range" min="0" max="{len(options) - 1}" value="0" step="1" '
            f'aria-valuetext="{escape(options[0])}" data-labels="{escape(json.dumps(options))}" '
            f'style="flex:1;max-width:24em"><output>{escape(options[0])}</output></label>'
        )
    pictures = [base64.b64encode(frame).decode() for frame in frames]
    first = f"data:image/png;base64,{pictures[0]}"
    return (
        f'<div id="{key}" role="group" aria-label="{escape(title)}">'
        f"<p>{escape(title)}</p>{''.join(controls)}"
        f'<img src="{first}" alt="{escape(title)}" aria-live="polite" style="max-width:100%;width:720px">'
        f"<script>{_SCRIPT.replace('KEY', key).replace('FRAMES', json.dumps(pictures))}</script></div>"
    )


_SCRIPT = """(function () {
  const box = document.getElementById("KEY"), frames = FRAMES;
  const inputs = [...box.querySelectorAll("input")], image = box.querySelector("img");
  const title = box.getAttribute("aria-label");
  function redraw() {
    let index = 0; const words = [];
    for (const input of inputs) {
      const labels = JSON.parse(input.dataset.labels), label = labels[input.value];
      index = index * labels.length + Number(input.value);
      input.nextElementSibling.textContent = label;
      input.setAttribute("aria-valuetext", label);
      words.push(input.previousElementSibling.textContent + " " + label);
    }
    image.src = "data:image/png;base64," + frames[index];
    image.alt = title + " (" + words.join(", ") + ")";
  }
  inputs.forEach(input => input.addEventListener("input", redraw));
  redraw();
})();"""
