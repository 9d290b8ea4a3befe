"""Confusion matrices, and what they say of every class against the rest."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
Codes = NDArray[np.intp]


@dataclass(frozen=True)
class Confusion:
    """A confusion matrix.

    A share of nothing, such as the precision of a class that is never predicted, is 0.

    Attributes
    ----------
    counts : ndarray of int, shape (n_classes, n_classes)
        Samples by their true class (rows) and their predicted one (columns).

    Examples
    --------
    >>> confusion = Confusion.of(np.array([0, 0, 0, 1]), np.array([0, 0, 1, 1]), 2)
    >>> confusion.counts.tolist()
    [[2, 1], [0, 1]]
    >>> confusion.precision.tolist()
    [1.0, 0.5]
    """

    counts: Counts

    @classmethod
    def of(cls, classes: Codes, predicted: Codes, n_classes: int) -> "Confusion":
        """Count samples.

        Parameters
        ----------
        classes, predicted : ndarray of int, shape (n_samples,)
            Codes of the true and of the predicted classes.
        n_classes : int
        """
        cells = np.bincount(classes * n_classes + predicted, minlength=n_classes**2)
        return cls(cells.reshape(n_classes, n_classes))

    @property
    def n_samples(self) -> int:
        """Number of all samples."""
        return int(self.counts.sum())

    @property
    def correct(self) -> Counts:
        """Samples of each class that are predicted as such, shape (n_classes,)."""
        return self.counts.diagonal()

    @property
    def support(self) -> Counts:
        """Samples of each class, shape (n_classes,)."""
        return self.counts.sum(axis=1)

    @property
    def found(self) -> Counts:
        """Samples that are predicted to be of each class, shape (n_classes,)."""
        return self.counts.sum(axis=0)

    @property
    def sensitivity(self) -> Floats:
        """Share of each class that is predicted as such, shape (n_classes,)."""
        return _ratio(self.correct, self.support)

    @property
    def specificity(self) -> Floats:
        """Share of the other classes that is not predicted as the class, shape (n_classes,)."""
        others = self.n_samples - self.support
        return _ratio(others - self.found + self.correct, others)

    @property
    def precision(self) -> Floats:
        """Share of what is predicted as the class that is of it, shape (n_classes,)."""
        return _ratio(self.correct, self.found)

    @property
    def f1(self) -> Floats:
        """Harmonic mean of precision and sensitivity, shape (n_classes,)."""
        return _ratio(2 * self.correct, self.support + self.found)


def _ratio(part: Counts, whole: Counts) -> Floats:
    return part / np.where(whole == 0, 1, whole)
