"""Errors that a user can fix. They say what was asked, what was found, where, and what to do."""

from collections.abc import Iterable


class EvenomicsError(Exception):
    """Base of all errors that the user can fix.

    Parameters
    ----------
    heading : str
        What failed, and where.
    problems : iterable of str, optional
        One line per problem. All problems of a config or a table are reported together.

    Examples
    --------
    >>> print(EvenomicsError("table.tsv cannot be read:", ["line 3: 2 cells, not 4", "no classes"]))
    table.tsv cannot be read:
      - line 3: 2 cells, not 4
      - no classes
    """

    def __init__(self, heading: str, problems: Iterable[str] = ()) -> None:
        self.heading = heading
        self.problems = tuple(problems)
        super().__init__("\n".join([heading, *(f"  - {problem}" for problem in self.problems)]))


class ConfigError(EvenomicsError):
    """The configuration asks for something that is not allowed."""


class CohortError(EvenomicsError):
    """A table cannot serve as a cohort, or cohorts do not fit together."""


class TrainingError(EvenomicsError):
    """A GAN cannot be trained, or is missing."""


class DownloadError(EvenomicsError):
    """A download failed, or a service did not answer."""


class EnrichmentError(EvenomicsError):
    """Genes, gene sets or the service do not allow a test of enrichment."""


class WorkerError(EvenomicsError):
    """A process that had a part of the work was killed."""
