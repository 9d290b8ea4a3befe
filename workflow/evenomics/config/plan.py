"""What a run produces: the arms, studies, figures, pages and tables that follow from a config."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml

from evenomics.config.arms import AUTO, arm_entry
from evenomics.config.experiments import DrawId, Experiment, experiment_grid, training_draws
from evenomics.config.names import SCHEMAS, names
from evenomics.config.replicates import n_replicates, split_of
from evenomics.config.reproductions import Reproduction, reproductions

# Tables that the report of a study writes.
_TABLES = (
    *(
        "scores.tsv.gz",
        "tuning.tsv",
        "answers.tsv",
        "sentences.tsv",
        "summary.tsv",
        "comparison.tsv",
    ),
    *("settings.tsv", "paper_comparison.tsv", "data.tsv", "timings.tsv"),
    *("confusion.tsv", "per_class.tsv", "calibration.tsv", "roc.tsv"),
)
# What holds the results against the paper's published scores, if some study is to be.
_REPRODUCTION = (
    *("reproduction.tsv", "reproduction_claims.tsv", "reproduction_balancing.tsv"),
    "reproduction.html",
)
# Pages of every study.
_PAGES = ("scores", "comparison", "paper_test", "settings", "classes", "timings", "data")


@cache
def report_entries() -> list[dict[str, str]]:
    """Return all figures and pages that a report can show, from ``schema/report.yaml``."""
    entries: list[dict[str, str]] = yaml.safe_load((SCHEMAS / "report.yaml").read_text("utf-8"))
    return entries


@dataclass(frozen=True)
class Result:
    """A figure or page in the report of a study.

    Attributes
    ----------
    kind : {"figure", "page"}
    name : str
    experiment : str
        Empty if the result is of all experiments.
    section, title : str
        Where the report has it, and as what; numbered, since it sorts both.
    caption : str
        Name of its caption.

    Examples
    --------
    >>> Result("figure", "roc", "c40_i0.4", "1. Scores", "7. ROC curves", "roc").paths
    ['figures/roc.c40_i0.4.svg', 'figures/roc.c40_i0.4.png']
    """

    kind: str
    name: str
    experiment: str
    section: str
    title: str
    caption: str

    @property
    def paths(self) -> list[str]:
        """Its files in the folder of the study and selection; the first is for the report."""
        if self.kind == "page":
            return [f"tables/{self.name}.html"]
        stem = f"figures/{self.name}" + f".{self.experiment}" * bool(self.experiment)
        return [f"{stem}.svg", f"{stem}.png"]


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
    >>> [result.paths[0] for result in plan.results("simulated", "none")][:3]
    ['figures/forest.svg', 'tables/comparison.html', 'tables/scores.html']
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
        return [arm for arm in self.config["arms"] if self._entry(arm).get(key)]

    def _entry(self, arm: str) -> Mapping[str, Any]:
        return arm_entry(arm, self.config["samplers"])

    @property
    def pretrains(self) -> bool:
        """Whether an arm needs pre-trained GANs."""
        return any(self._entry(arm)["gan"] == "transfer" for arm in self.gan_arms)

    @property
    def trains_on_cores(self) -> bool:
        """Whether training can use more than one core (``auto`` may)."""
        engine = self.config["engine"]
        return engine == "auto" or bool(names("engines")[engine].get("threaded"))

    def experiments(self, study: str) -> list[Experiment]:
        """Return the experiments of a study."""
        return experiment_grid(self.config["studies"][study]["experiments"])

    def replicates(self, study: str) -> int:
        """Return the number of replicates of a study: of draws, or of splits of one table."""
        return n_replicates(self.config["studies"][study])

    def splits(self, study: str) -> bool:
        """Return whether one table is split, so that each replicate has cohorts of its own."""
        return bool(split_of(self.config["studies"][study]["cohorts"]))

    def draws(self, study: str) -> list[DrawId]:
        """Return the training draws of a study, experiment by experiment."""
        wanted = training_draws(self.experiments(study), self.replicates(study), self.splits(study))
        return [draw for _, draw in wanted]

    def parts(self, study: str) -> dict[str, list[DrawId]]:
        """Return the draws of each job of training, and of scoring, by what its files end in."""
        draws, n_jobs = self.draws(study), self.config["jobs_per_study"]
        n_jobs = min(n_jobs, len(draws))
        if n_jobs == 1:
            return {"": draws}
        return {f".{k + 1}of{n_jobs}": draws[k::n_jobs] for k in range(n_jobs)}

    @property
    def trains_in_folds(self) -> bool:
        """Whether scalers and generators are made anew in every fold of a draw."""
        return bool(self.config["scoring"]["tuning"] != "shared_generator")

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

    def enriches(self, study: str, selection: str) -> bool:
        """Return whether gene sets are tested for the selected features."""
        asked = self.config["studies"][study]["enrichment"]["source"] != "none"
        return asked and bool(names("selections")[selection]["steps"])

    def figures(self, study: str, selection: str) -> set[str]:
        """Return the names of the figures of a study and selection."""
        last_step = names("selections")[selection]["steps"][-1:]
        # the effect of harmonising is the same for every selection of a study
        first = self.config["studies"][study]["selections"][0]
        held_out = "held_out" in self.config["gan"]["choice"].values()
        wanted = {
            "forest": "none" in self.config["arms"] and len(self.config["arms"]) > 1,
            "thresholds": True,
            "scores": True,
            "roc": True,
            "calibration": True,
            "shift": True,
            "twins": bool(self.twins),
            "multipliers": len(self.config["multipliers"]) > 1 and bool(self.expanding_arms),
            "samples": bool(self.sampling_arms),
            "pretraining": self.pretrains,
            "training": bool(self.gan_arms),
            "distance": bool(self.gan_arms) and held_out,
            "expression": last_step == ["deg"],
            "stability": last_step == ["lasso_en"],
            "enrichment": self.enriches(study, selection),
            "harmonise": study in self.harmonised() and selection == first,
        }
        return {name for name, is_wanted in wanted.items() if is_wanted}

    def pages(self, study: str, selection: str) -> set[str]:
        """Return the names of the HTML pages of a study and selection."""
        training = {"training"} if self.gan_arms else set()
        enrichment = {"enrichment"} if self.enriches(study, selection) else set()
        auto = {"auto"} if AUTO in self.config["arms"] else set()
        return {*_PAGES} | auto | training | enrichment

    def results(self, study: str, selection: str) -> list[Result]:
        """Return all figures and pages of a study and selection, in the order of the report."""
        wanted = {
            "figure": self.figures(study, selection),
            "page": self.pages(study, selection),
        }
        experiments = [experiment.name for experiment in self.experiments(study)]
        found: list[Result] = []
        sections = list(dict.fromkeys(entry["section"] for entry in report_entries()))
        numbers: Counter[str] = Counter()
        for entry in report_entries():
            kind = "figure" if "figure" in entry else "page"
            name, section = entry[kind], entry["section"]
            if name not in wanted[kind]:
                continue
            numbers[section] += 1
            own = name if kind == "figure" else f"table_{name}"
            found += [
                Result(
                    kind,
                    name,
                    experiment,
                    section=f"{sections.index(section) + 1}. {section}",
                    title=f"{numbers[section]}. {entry['title']}",
                    caption=entry.get("caption", own),
                )
                for experiment in (experiments if entry.get("per") else [""])
            ]
        return found

    def reported_files(self, study: str, selection: str) -> list[str]:
        """Return what the report of a study and selection is made of, as paths in the results."""
        figures = self.figures(study, selection)
        files = ["experiments.tsv", "draws", "shift.tsv", "findings.tsv"]
        files += [f"scored{part}" for part in self.parts(study)]
        files += ["pretraining"] * self.pretrains
        files += [f"training{part}" for part in self.parts(study) if self.gan_arms]
        files += ["selection/expression.tsv"] * ("expression" in figures)
        files += ["selection/features.tsv", "selection/repeats.tsv"] * ("stability" in figures)
        files += ["selection/enrichment.tsv"] * ("enrichment" in figures)
        folders = [f"{study}/cohorts", f"{study}/{selection}/cohorts"]
        folders += [f"{study}/aligned/cohorts", f"{study}/none/cohorts"] * ("harmonise" in figures)
        return list(dict.fromkeys([*folders, *(f"{study}/{selection}/{name}" for name in files)]))

    def report_tables(self) -> list[str]:
        """Return the tables that the report of a study writes."""
        return [*_TABLES, *(["auto.tsv"] if AUTO in self.config["arms"] else [])]

    @property
    def reproductions(self) -> list[Reproduction]:
        """The studies whose results are held against the paper's published scores."""
        return reproductions(self.config)

    def targets(self) -> list[str]:
        """Return all files that a run produces for its user, as paths in the results."""
        published = [*_REPRODUCTION] if self.reproductions else []
        return ["summary.html", "summary.tsv", "answers.tsv", *published] + [
            f"{study}/{selection}/{path}"
            for study, selection in self.studies
            for path in [
                *self.report_tables(),
                *(f"scored{part}" for part in self.parts(study)),
                *(f"training{part}" for part in self.parts(study) if self.gan_arms),
                *(p for of in self.results(study, selection) for p in of.paths),
            ]
        ]

    def report_settings(self, study: str) -> dict[str, Any]:
        """Return what figures and pages have to know of the config."""
        choice = self.config["gan"]["choice"]
        return {
            **{key: self.config["studies"][study][key] for key in ("classes", "harmonise")},
            **{key: self.config["comparison"][key] for key in ("metric", "level")},
            **{
                key: self.config[key]
                for key in ("checks", "selection", "scaling", "gan", "scoring")
            },
            "curve": choice["curve"],
            "cuts": [choice["cut_above"], choice["cut_below"]],
            "splits": self.splits(study),
            "parts": self.parts(study),
            "arms": list(self.config["arms"]),
            "trains": bool(self.gan_arms),
            "sampling_arms": self.sampling_arms,
            "twins": self.twins,
        }

    def benchmarks(self, study: str, selection: str) -> list[str]:
        """Return the benchmark files of the slow steps of a study and selection."""
        parts = [*self.parts(study)]
        of_parts = {"pretrain": [""] * self.pretrains, "retrain": parts, "score_arms": parts}
        if not self.gan_arms:
            del of_parts["retrain"]
        return [
            f"{step}/{study}.{selection}{part}.tsv" for step, of in of_parts.items() for part in of
        ]


def steps_before(selection: str) -> str:
    """Return the selection of all steps but the last one, which a selection continues."""
    steps = names("selections")[selection]["steps"]
    known = names("selections").items()
    return next(name for name, entry in known if entry["steps"] == steps[:-1])


def selections_ending_in(step: str) -> list[str]:
    """Return the selections whose last step is `step`."""
    known = names("selections").items()
    return [name for name, entry in known if entry["steps"][-1:] == [step]]
