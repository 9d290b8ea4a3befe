"""The cohorts of a study in one plane, before and after they were brought onto one scale."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler

from evenomics.config.names import title
from evenomics.data.cohort import Cohort
from evenomics.preparation.harmonise import cohort_share
from evenomics.report.style import COHORT_COLOURS, split_title, style

_CLASS_MARKERS = "o^sDvP*"

_WITHOUT_CLASS = "x"


def cohort_pca(
    before: Mapping[str, Cohort],
    after: Mapping[str, Cohort],
    classes: Sequence[str],
    method: str,
    n_splits: int = 1,
) -> Figure:
    """First two principal components of all cohorts together, before and after harmonisation.

    Parameters
    ----------
    before, after : mapping of str to Cohort
        ``real``, ``external``, ``validation``, with the same features. Of the classes only those
        of the real cohort are looked at.
    classes : sequence of str
        Class names; they fix the markers.
    method : str
        How the cohorts were harmonised, for the title.
    n_splits : int
        Of how many splits this is the first; 1 for fixed cohorts.

    Returns
    -------
    Figure
        Two panels, each with components of its own, fitted on the samples of all cohorts with every
        feature standardised over them. The titles give the share of the variance that lies between
        cohorts (see `evenomics.preparation.harmonise.cohort_share`).
    """
    markers = dict(zip(classes, _CLASS_MARKERS * len(classes), strict=False))
    with style():
        figure = Figure(figsize=(9.4, 5.2))
        panels = figure.subplots(1, 2)
        for panel, cohorts, when in zip(panels, (before, after), ("Before", "After"), strict=True):
            _draw(panel, cohorts, markers)
            share = 100 * cohort_share(cohorts)
            panel.set_title(f"{when}: {share:.1f}% of the variance between cohorts", loc="left")
        figure.suptitle(
            f"Cohorts harmonised by {title('harmonisations', method)}{split_title(n_splits)}"
        )
        marks = [("real", markers[name], f"real, {name}") for name in classes]
        marks += [(name, _WITHOUT_CLASS, name) for name in before if name != "real"]
        figure.legend(
            handles=[
                Line2D([], [], linestyle="", marker=marker, color=COHORT_COLOURS[cohort])
                for cohort, marker, _ in marks
            ],
            labels=[label for _, _, label in marks],
            loc="outside lower center",
            ncols=min(4, len(marks)),
        )
    return figure


def _draw(panel: Axes, cohorts: Mapping[str, Cohort], markers: Mapping[str, str]) -> None:
    pooled = StandardScaler().fit_transform(
        np.vstack([cohort.features.to_numpy() for cohort in cohorts.values()])
    )
    pca = PCA(n_components=2, svd_solver="full").fit(pooled)
    ends = np.cumsum([cohort.n_samples for cohort in cohorts.values()])
    parts = dict(zip(cohorts, np.split(pca.transform(pooled), ends[:-1]), strict=True))
    for name, points in parts.items():
        if name != "real":
            panel.scatter(
                points[:, 0], points[:, 1], marker=_WITHOUT_CLASS, s=20, linewidths=0.9,
                color=COHORT_COLOURS[name], alpha=0.75,
            )  # fmt: skip
    labels = np.asarray(cohorts["real"].classes, dtype=object)
    for name, marker in markers.items():
        mine = parts["real"][labels == name]
        panel.scatter(
            mine[:, 0], mine[:, 1], marker=marker, s=24, facecolor=COHORT_COLOURS["real"],
            edgecolor="white", linewidths=0.5,
        )  # fmt: skip
    panel.axhline(0, color="0.9", linewidth=0.6, zorder=0)
    panel.axvline(0, color="0.9", linewidth=0.6, zorder=0)
    shares = 100 * np.asarray(pca.explained_variance_ratio_)
    panel.set_xlabel(f"PC 1 ({shares[0]:.0f}% of variance)")
    panel.set_ylabel(f"PC 2 ({shares[1]:.0f}% of variance)")
