"""Whether a reader can read the texts of a figure."""

from itertools import combinations

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from evenomics.report import style


def drawn_texts(figure):
    """Texts that a reader sees, with their boxes in pixels."""
    with style.style():
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        renderer = canvas.get_renderer()
        texts = [t for t in figure.findobj(Text) if t.get_visible() and t.get_text().strip()]
        boxes = [(t.get_text(), t.get_window_extent(renderer)) for t in texts]
    # Ticks beyond the limits of their axis exist as objects and are not drawn.
    drawn = {id(t) for axes in figure.axes for t in _hidden_ticks(axes)}
    return [box for text, box in zip(texts, boxes, strict=True) if id(text) not in drawn]


def _hidden_ticks(axes):
    for axis in (axes.xaxis, axes.yaxis):
        low, high = sorted(axis.get_view_interval())
        for tick in [*axis.get_major_ticks(), *axis.get_minor_ticks()]:
            if not low - 1e-9 <= tick.get_loc() <= high + 1e-9 or not axes.get_visible():
                yield from (tick.label1, tick.label2)


def assert_legible(figure):
    """No two texts overlap, and none runs out of the figure."""
    texts = drawn_texts(figure)
    page = figure.bbox
    outside = [
        text
        for text, box in texts
        if box.x0 < page.x0 - 1 or box.x1 > page.x1 + 1 or box.y0 < -1 or box.y1 > page.y1 + 1
    ]
    assert not outside
    overlapping = [
        (a, b)
        for (a, one), (b, two) in combinations(texts, 2)
        if min(one.x1, two.x1) - max(one.x0, two.x0) > 1
        and min(one.y1, two.y1) - max(one.y0, two.y0) > 1
    ]
    assert not overlapping
