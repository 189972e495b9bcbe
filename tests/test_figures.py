"""Figures carry caption and alt text; controls have a live and a static form."""

import base64
import io
import json
import re

import numpy as np
import pytest
from PIL import Image
from scipy import stats

from toolkit import explore, plots
from toolkit.plots import mean_and_half_width


@pytest.fixture
def shown(monkeypatch):
    """What a cell would display."""
    seen = []
    monkeypatch.setattr("IPython.display.display", lambda *args, **options: seen.append((args, options)))
    return seen


def draw(width=1, colour="blue"):
    """A line of some width."""
    figure, axes = plots.figure(height=2)
    axes.plot([0, 1], [0, width], color=plots.COLOURS[colour])
    axes.set(xlabel="x", ylabel="y")
    return figure


def test_show_gives_caption_and_alt_text(shown):
    plots.show(draw(), caption="A  line.", alt="A rising\nline.")
    (image,), options = shown[0]
    data, metadata = image._repr_mimebundle_() if hasattr(image, "_repr_mimebundle_") else image._repr_png_()
    assert metadata["image/png"]["alt"] == "A rising line." and options["metadata"]["caption"] == "A line."
    assert shown[1][0][0].data == "*Figure.* A line."


def test_show_refuses(shown):
    with pytest.raises(ValueError, match="caption and an alt text"):
        plots.show(draw(), caption="", alt="x")
    with pytest.raises(ValueError, match="control characters"):
        plots.show(draw(), caption="three $\alpha$", alt="x")
    figure, axes = plots.figure()
    axes.plot([0, 1])
    with pytest.raises(ValueError, match="needs a label"):
        plots.show(figure, caption="x", alt="x")
    assert shown == []


def test_png_is_small_and_true():
    picture = Image.open(io.BytesIO(plots.png(draw()))).convert("RGB")
    assert picture.width == int(plots.WIDTH * plots.DOTS_PER_INCH)
    assert picture.getpixel((0, 0)) == (255, 255, 255)


def test_band_is_scipys_interval():
    values = np.random.default_rng(0).normal(size=(6, 3))
    mean, half = mean_and_half_width(values)
    low, high = stats.t.interval(0.95, 5, loc=values.mean(0), scale=stats.sem(values))
    np.testing.assert_allclose([mean - half, mean + half], [low, high])
    _, axes = plots.figure()
    with pytest.raises(ValueError, match=r"shape \[seeds, 2\]"):
        plots.band(axes, [1, 2], values)


def test_explore_has_both_forms_and_all_frames(shown):
    explore(draw, width=[1, 2, 3], colour=["blue", "orange"])
    (bundle,), options = shown[0]
    assert options["raw"]
    assert "application/vnd.jupyter.widget-view+json" in bundle and "A line of some width" in bundle["text/plain"]
    page = bundle["text/html"]
    frames = json.loads(re.search(r"frames = (\[.*?\]);", page, re.DOTALL).group(1))
    assert len(frames) == 6 and len(set(frames)) == 6
    picture = Image.open(io.BytesIO(base64.b64decode(frames[0])))
    assert picture.format == "PNG"
    assert page.count('type="range"') == 2 and 'alt="A line of some width."' in page
    assert not re.search(r"https?://", page.replace(frames[0], "")), "the page must not ask for anything outside itself"


def test_live_control_redraws_and_shows_errors(shown, monkeypatch):
    from toolkit import controls

    def fragile(width):
        """Breaks at two."""
        if width == 2:
            raise RuntimeError("no < two")
        return draw(width)

    box = controls._live(fragile, "title", {"width": {"1": 1, "3": 3, "2": 2}}, b"first")
    _, slider, picture, message = box.children
    slider.value = 3
    assert picture.value != b"first" and message.value == ""
    slider.value = 2
    assert "RuntimeError: no &lt; two" in message.value


@pytest.mark.parametrize(
    ("choices", "error", "words"),
    [
        ({}, ValueError, "at least one choice"),
        ({"width": [1]}, ValueError, "at least two"),
        ({"width": 3}, TypeError, "sequence or a mapping"),
        ({"width": "abc"}, TypeError, "sequence or a mapping"),
        ({"width": range(61)}, ValueError, "61 combinations"),
    ],
)
def test_explore_refuses(shown, choices, error, words):
    with pytest.raises(error, match=words):
        explore(draw, **choices)
    with pytest.raises(ValueError, match="docstring"):
        explore(lambda width: draw(width), width=[1, 2])
    assert shown == []


def test_a_ribbon_is_shaded_or_dashed():
    import torch

    x = torch.linspace(0, 1, 5)
    _, (left, right) = plots.figure(1, 2)
    plots.ribbon(left, x, x, x - 1, x + 1, label="a", colour="blue")
    plots.ribbon(right, x.numpy(), x, x - 1, x + 1, fill=False)
    assert len(left.lines) == 1 and len(left.collections) == 1 and left.lines[0].get_color() == plots.COLOURS["blue"]
    assert [line.get_linestyle() for line in right.lines] == ["-", "--", "--"] and not right.collections
