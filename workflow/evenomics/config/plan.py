"""What a run produces: the arms, studies, figures, pages and tables that follow from a config."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml

from evenomics.config.arms import AUTO, arm_entry
from evenomics.config.experiments import DrawId, Experiment, experiment_grid, training_draws
from evenomics.config.names import IN_FOLDS, SCHEMAS, names
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
    *(f"reproduction{name}.tsv" for name in ("", "_means", "_claims", "_balancing")),
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

    Examples
    --------
    >>> from evenomics.config.validation import validated
    >>> study = {"classes": ["control", "case"], "cohorts": {"source": "builtin"}}
    >>> plan = Plan(validated({"studies": {"simulated": study}, "arms": ["none", "smote", "gan"]}))
    >>> plan.studies, plan.arms("simulated", "gan"), plan.arms("simulated", "new_samples")
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

    def arms(self, study: str, key: str) -> list[str]:
        """Return the arms of a study with a property.

        Parameters
        ----------
        study : str
        key : str
            As in ``schema/names.yaml``: ``gan`` for those that need GANs, ``expands`` for those
            that enlarge every class, ``new_samples`` for those that add more than copies.
        """
        options = self.config["studies"][study]
        return [arm for arm in options["arms"] if arm_entry(arm, options["samplers"]).get(key)]

    def twins(self, study: str) -> list[str]:
        """Return the GAN arms whose classic twin is compared, each followed by that twin."""
        arms = self.arms(study, "gan")
        pairs = [(arm, f"classic_{arm}") for arm in arms]
        return [arm for pair in pairs if pair[1] in arms for arm in pair]

    def trains(self, study: str) -> bool:
        """Return whether an arm of a study needs GANs."""
        return bool(self.arms(study, "gan"))

    def pretrains(self, study: str) -> bool:
        """Return whether an arm of a study needs pre-trained GANs."""
        return any(names("arms")[arm]["gan"] == "transfer" for arm in self.arms(study, "gan"))

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

    def trains_in_folds(self, study: str) -> bool:
        """Return whether scalers and generators are made anew in every fold of a draw."""
        return self.config["studies"][study]["scoring"]["tuning"] in IN_FOLDS

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
        options = self.config["studies"][study]
        first = options["selections"][0]
        held_out = "held_out" in options["gan"]["choice"].values()
        wanted = {
            "forest": "none" in options["arms"] and len(options["arms"]) > 1,
            "thresholds": True,
            "scores": True,
            "roc": True,
            "calibration": True,
            "shift": True,
            "twins": bool(self.twins(study)),
            "multipliers": len(options["multipliers"]) > 1 and bool(self.arms(study, "expands")),
            "samples": bool(self.arms(study, "new_samples")),
            "pretraining": self.pretrains(study),
            "training": self.trains(study),
            "distance": self.trains(study) and held_out,
            "expression": last_step == ["deg"],
            "stability": last_step == ["lasso_en"],
            "enrichment": self.enriches(study, selection),
            "harmonise": study in self.harmonised() and selection == first,
        }
        return {name for name, is_wanted in wanted.items() if is_wanted}

    def pages(self, study: str, selection: str) -> set[str]:
        """Return the names of the HTML pages of a study and selection."""
        training = {"training"} if self.trains(study) else set()
        enrichment = {"enrichment"} if self.enriches(study, selection) else set()
        auto = {"auto"} if AUTO in self.config["studies"][study]["arms"] else set()
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
        files += ["pretraining"] * self.pretrains(study)
        files += [f"training{part}" for part in self.parts(study) if self.trains(study)]
        files += ["selection/expression.tsv"] * ("expression" in figures)
        files += ["selection/features.tsv", "selection/repeats.tsv"] * ("stability" in figures)
        files += ["selection/enrichment.tsv"] * ("enrichment" in figures)
        folders = [f"{study}/cohorts", f"{study}/{selection}/cohorts"]
        folders += [f"{study}/aligned/cohorts", f"{study}/none/cohorts"] * ("harmonise" in figures)
        return list(dict.fromkeys([*folders, *(f"{study}/{selection}/{name}" for name in files)]))

    def report_tables(self, study: str) -> list[str]:
        """Return the tables that the report of a study writes."""
        chosen = AUTO in self.config["studies"][study]["arms"]
        return [*_TABLES, *(["auto.tsv"] if chosen else [])]

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
                *self.report_tables(study),
                *(f"scored{part}" for part in self.parts(study)),
                *(f"training{part}" for part in self.parts(study) if self.trains(study)),
                *(p for of in self.results(study, selection) for p in of.paths),
            ]
        ]

    def report_settings(self, study: str) -> dict[str, Any]:
        """Return what figures and pages have to know of the config."""
        options = self.config["studies"][study]
        choice = options["gan"]["choice"]
        own = ("classes", "harmonise", "arms", "selection", "scaling", "gan", "scoring")
        return {
            **{key: options[key] for key in own},
            **{key: self.config["comparison"][key] for key in ("metric", "level")},
            "checks": self.config["checks"],
            "curve": choice["curve"],
            "cuts": [choice["cut_above"], choice["cut_below"]],
            "splits": self.splits(study),
            "fixed": [e.name for e in self.experiments(study) if e.fixed],
            "parts": self.parts(study),
            "trains": self.trains(study),
            "sampling_arms": self.arms(study, "new_samples"),
            "twins": self.twins(study),
        }

    def benchmarks(self, study: str, selection: str) -> list[str]:
        """Return the benchmark files of the slow steps of a study and selection."""
        parts = [*self.parts(study)]
        of_parts = {"pretrain": [""] * self.pretrains(study), "retrain": parts, "score_arms": parts}
        if not self.trains(study):
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
