"""What a run produces: the arms, studies, figures, pages and tables that follow from a config."""

from collections.abc import Iterator, Mapping
from typing import Any

from evenomics.config.experiments import Experiment, experiment_grid
from evenomics.config.names import names


class Plan:
    """What the rules of the workflow derive from a config.

    Parameters
    ----------
    config : mapping
        With its defaults, from `evenomics.config.validation.validated`.

    Attributes
    ----------
    studies : list of (str, str)
        Every study with each of its selections.
    gan_arms : list of str
        Arms that need GANs.
    sampling_arms : list of str
        Arms that add new samples, not copies.
    expanding_arms : list of str
        Arms that enlarge every class.
    twins : list of str
        GAN arms whose classic twin is compared as well, each followed by that twin.

    Examples
    --------
    >>> from evenomics.config.validation import validated
    >>> study = {"classes": ["control", "case"], "cohorts": {"source": "builtin"}}
    >>> plan = Plan(validated({"studies": {"simulated": study}, "arms": ["none", "smote", "gan"]}))
    >>> plan.studies, plan.gan_arms, plan.sampling_arms
    ([('simulated', 'none')], ['gan'], ['smote', 'gan'])
    >>> plan.pages("simulated", "none")
    ['scores', 'comparison', 'timings', 'data', 'training']
    """

    def __init__(self, config: Mapping[str, Any]) -> None:
        self.config = config
        self.studies = [
            (study, selection)
            for study, options in config["studies"].items()
            for selection in options["selections"]
        ]
        self.gan_arms = self._arms("gan")
        self.sampling_arms = self._arms("new_samples")
        self.expanding_arms = self._arms("expands")
        self.twins = [
            twin
            for arm in self.gan_arms
            if f"classic_{arm}" in self.gan_arms
            for twin in (arm, f"classic_{arm}")
        ]

    def _arms(self, key: str) -> list[str]:
        return [arm for arm in self.config["arms"] if names("arms")[arm].get(key)]

    @property
    def pretrains(self) -> bool:
        """Whether an arm needs pre-trained GANs."""
        return any(names("arms")[arm]["gan"] == "transfer" for arm in self.gan_arms)

    @property
    def trains_on_cores(self) -> bool:
        """Whether training can use more than one core (``auto`` may)."""
        engine = self.config["engine"]
        return engine == "auto" or bool(names("engines")[engine].get("threaded"))

    def experiments(self, study: str) -> list[Experiment]:
        """Return the experiments of a study."""
        return experiment_grid(self.config["studies"][study]["experiments"])

    def experiments_before(self, study: str, name: str) -> list[Experiment]:
        """Return the experiments that a draw depends on, its own as the last."""
        grid = self.experiments(study)
        at = [experiment.name for experiment in grid].index(name)
        disjoint = self.config["studies"][study]["experiments"]["disjoint"]
        return grid[0 if disjoint else at : at + 1]

    def harmonised(self, *methods: str) -> list[str]:
        """Return the studies whose cohorts are harmonised, if given by one of these methods."""
        return [
            name
            for name, study in self.config["studies"].items()
            if study["harmonise"] != "none" and (not methods or study["harmonise"] in methods)
        ]

    def from_source(self, source: str) -> list[str]:
        """Return the studies whose cohorts come from a source."""
        studies = self.config["studies"].items()
        return [name for name, study in studies if study["cohorts"]["source"] == source]

    def data_figures(self, study: str, selection: str) -> list[str]:
        """Return the figures of the data of a study and selection, without suffix."""
        steps = names("selections")[selection]["steps"]
        of_step = {"deg": "expression", "lasso_en": "stability"}
        figures = ["shift", *(of_step[step] for step in steps[-1:])]
        if self.enriches(study, selection):
            figures.append("enrichment")
        # the effect of harmonising is the same for every selection of a study
        first = self.config["studies"][study]["selections"][0]
        if study in self.harmonised() and selection == first:
            figures.append("harmonise")
        return figures

    def enriches(self, study: str, selection: str) -> bool:
        """Return whether gene sets are tested for the selected features."""
        asked = self.config["studies"][study]["enrichment"]["source"] != "none"
        return asked and bool(names("selections")[selection]["steps"])

    def figures(self, study: str, selection: str) -> list[str]:
        """Return all figures of a study and selection, without suffix."""
        per_study, per_experiment = ["scores"], ["roc"]
        if len(self.config["arms"]) > 1:
            per_study.append("comparison")
        if self.twins:
            per_study.append("twins")
        if len(self.config["multipliers"]) > 1 and self.expanding_arms:
            per_study.append("multipliers")
        if self.pretrains:
            per_study.append("pretraining")
        if self.sampling_arms:
            per_experiment.append("samples")
        if self.gan_arms:
            per_experiment.append("training")
            if "held_out" in self.config["gan"]["choice"].values():
                per_experiment.append("distance")
        return [
            *self.data_figures(study, selection),
            *per_study,
            *(f"{name}.{e.name}" for name in per_experiment for e in self.experiments(study)),
        ]

    def pages(self, study: str, selection: str) -> list[str]:
        """Return all HTML pages of a study and selection, without suffix."""
        pages = ["scores", "comparison", "timings", "data"]
        if self.gan_arms:
            pages.append("training")
        if self.enriches(study, selection):
            pages.append("enrichment")
        return pages

    def targets(self) -> Iterator[str]:
        """Go through all files that a run produces for its user, as paths."""
        yield from ("results/summary.html", "results/summary.tsv")
        for study, selection in self.studies:
            folder = f"results/{study}/{selection}"
            for figure in self.figures(study, selection):
                yield from (f"{folder}/figures/{figure}.{kind}" for kind in ("svg", "png"))
            yield from (f"{folder}/tables/{page}.html" for page in self.pages(study, selection))
            yield from (
                f"{folder}/{name}" for name in ("scores.tsv.gz", "summary.tsv", "comparison.tsv")
            )
            if self.gan_arms:
                yield f"{folder}/training"
            for experiment in self.experiments(study):
                for arm in self.config["arms"]:
                    yield f"{folder}/experiments/{experiment.name}/arms/{arm}/generated.tsv.gz"

    def benchmarks(self, study: str, selection: str) -> Iterator[str]:
        """Go through the benchmark files of the slow steps of a study and selection."""
        of_study = f"{study}.{selection}"
        if self.pretrains:
            yield f"benchmarks/pretrain/{of_study}.tsv"
        if self.gan_arms:
            yield f"benchmarks/retrain/{of_study}.tsv"
        for experiment in self.experiments(study):
            for arm in self.config["arms"]:
                yield f"benchmarks/score_arm/{of_study}.{experiment.name}.{arm}.tsv"


def steps_before(selection: str) -> str:
    """Return the selection of all steps but the last one, which a selection continues."""
    steps = names("selections")[selection]["steps"]
    known = names("selections").items()
    return next(name for name, entry in known if entry["steps"] == steps[:-1])


def selections_ending_in(step: str) -> list[str]:
    """Return the selections whose last step is `step`."""
    known = names("selections").items()
    return [name for name, entry in known if entry["steps"][-1:] == [step]]
