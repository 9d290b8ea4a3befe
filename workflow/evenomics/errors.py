"""Errors that a user can act on: what was asked, what was found, where, and what to do."""

from collections.abc import Iterable


class EvenomicsError(Exception):
    """Base of every error raised for something the user can mend.

    Parameters
    ----------
    heading : str
        What failed, and where.
    problems : iterable of str, optional
        One line per problem. All problems of a config or a table are reported together,
        so that they can be mended in one go.
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
    """A network could not be trained on the samples it was given."""


class DownloadError(EvenomicsError):
    """A download failed, or a service did not answer."""


class EnrichmentError(EvenomicsError):
    """Genes, gene sets or the service that tests them do not allow an enrichment analysis."""
