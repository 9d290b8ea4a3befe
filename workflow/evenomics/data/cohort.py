"""Cohorts: samples x features with a class per sample; read, checked, aligned, written."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np
import pandas as pd

SAMPLE = "sample_id"

CLASS = "class"

GROUP = "group"


@dataclass(frozen=True, eq=False)
class Cohort:
    """Measured samples.

    Attributes
    ----------
    features : pandas.DataFrame of float, shape (n_samples, n_features)
        In the user's unit; the index holds the sample ids.
    classes : pandas.Series of str or None
        Class of each sample, same index; None for an unlabelled cohort.
    name : str
        real, external, validation, or what an experiment is called.
    origin : str
        File or generator that the samples come from, for messages.
    groups : pandas.Series of str or None
        Whom each sample is from, where one person gave several.
    draws : mapping of str to sequence of str
        Training draws that are given with the cohort: ids of their samples, in their order. `take`
        leaves them out.

    Examples
    --------
    >>> names = ["s1", "s2", "s3"]
    >>> values = pd.DataFrame({"g1": [1.0, 2.0, 3.0], "g2": [4.0, 6.0, 5.0]}, index=names)
    >>> cohort = Cohort(values, pd.Series(["case", "control", "case"], index=names), "real")
    >>> cohort.n_samples, cohort.n_features, cohort.class_counts()
    (3, 2, {'case': 2, 'control': 1})
    >>> cohort.select(["g2"]).take([2]).features.loc["s3"].to_dict()
    {'g2': 5.0}
    """

    features: pd.DataFrame
    classes: pd.Series | None = None
    name: str = "cohort"
    origin: str = ""
    groups: pd.Series | None = None
    draws: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def n_samples(self) -> int:
        """Number of samples."""
        return len(self.features)

    @property
    def n_features(self) -> int:
        """Number of features."""
        return self.features.shape[1]

    @property
    def place(self) -> str:
        """Name and origin, for messages."""
        return f"cohort {self.name!r}" + (f" ({self.origin})" if self.origin else "")

    def class_counts(self) -> dict[str, int]:
        """Return the number of samples per class, in order of appearance; empty if unlabelled."""
        if self.classes is None:
            return {}
        return {str(label): int(n) for label, n in self.classes.value_counts(sort=False).items()}

    def take(self, rows: Sequence[int] | np.ndarray, name: str | None = None) -> Self:
        """Return the samples at these positions, as a cohort of their own."""
        at = np.asarray(rows, dtype=np.intp)
        return replace(
            self,
            features=self.features.iloc[at],
            classes=None if self.classes is None else self.classes.iloc[at],
            groups=None if self.groups is None else self.groups.iloc[at],
            name=name or self.name,
            draws={},
        )

    def select(self, features: Iterable[str]) -> Self:
        """Return the cohort with these features only, in this order."""
        return replace(self, features=self.features.loc[:, list(features)])

    def unlabelled(self) -> Self:
        """Return the cohort without its classes."""
        return replace(self, classes=None)
