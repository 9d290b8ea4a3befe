"""What is said of a run before it starts, and what is refused."""

import math
import shutil
from types import SimpleNamespace

import pytest
import yaml

from evenomics.config import estimate
from evenomics.config.costs import Costs
from evenomics.config.estimate import Estimate, check_run, check_study, costs_of
from evenomics.config.job_requests import JobRequests
from evenomics.config.source import Size
from evenomics.config.validation import validated
from evenomics.data.source import SOURCES, Request
from evenomics.errors import ConfigError
from snakemake_runs import ROOT

CLASSES = ["control", "case"]
STUDY = {"classes": CLASSES, "cohorts": {"source": "builtin"}, "draws": {"replicates": 1}}
IMPORTED = {
    "classes": CLASSES,
    "cohorts": {"source": "rdata", "table": {"package": "multtest", "class_object": "c"}},
}
SIZE = Size(150, 2000, 300, 700)
WIDE = Size(20_000, 2000, 300, 700)


def config_of(*, studies=None, **keys) -> dict:
    return validated({"studies": studies or {"s": STUDY}, **keys})


def estimate_of(size: Size = SIZE, cores: int = 2, threads: int | None = None, **keys) -> Estimate:
    return Estimate([*costs_of(config_of(**keys), "s", size)], cores, threads)


def problem(memory: float = 1e15, room: float = math.inf, **options) -> str:
    """Return the only problem that there is."""
    (found,) = estimate_of(**options).problems(memory, room)
    return found


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_the_example_is_said_to_take_what_it_takes():
    """Minutes, about 1 GB, 1 GB of checkpoints, which go at the end: as measured."""
    config = validated(yaml.safe_load((ROOT / "config/config.yaml").read_text()))
    said = check_run(config, 2)
    assert (
        said == "About 7 min on 2 cores, 1 GB of memory and 150 MB of disk (1.1 GB while it runs)."
    )
    kept = check_run({**config, "keep_checkpoints": True}, 2)
    assert kept == "About 7 min on 2 cores, 1 GB of memory and 1.1 GB of disk."


def test_what_is_not_counted_is_named():
    both = {"s": STUDY, "golub": IMPORTED}
    said = check_run(config_of(studies=both), 2)
    alone = check_run(config_of(), 2)
    assert said == f"{alone} Not counted: golub (known after import)."
    said = check_run(config_of(studies=both, engine="cuda"), 2)
    assert said.endswith("Not counted: golub (known after import); training on the GPU.")
    assert check_run(config_of(studies={"golub": IMPORTED}), 2) == (
        "Time, memory and disk are estimated once these studies are imported: golub."
    )


def test_a_study_is_estimated_when_its_cohorts_are_there():
    config = config_of()
    cohorts = SOURCES["builtin"](Request(config["studies"]["s"]["cohorts"], CLASSES, seed=1))
    said = check_study(config, "s", "none", Size.of(cohorts), 2)
    assert said == f"s, none: {check_run(config, 2)}"
    with pytest.raises(ConfigError, match=r"studies\.s: .* needs .* GB of memory on one core"):
        check_study(config, "s", "none", Size(10**7, 1000, 300, 700), 2)


def test_selected_features_are_fewer():
    selections = ["none", "deg", "lasso_en", "deg_lasso_en"]
    study = {**STUDY, "selections": selections}
    found = costs_of(config_of(studies={"s": study}), "s", Size(10_000, 100, 100, 100))
    assert {c.selection: (c.size.n_features, c.n_measured) for c in found} == {
        "none": (10_000, 10_000),
        "deg": (200, 10_000),
        "lasso_en": (2500, 10_000),
        "deg_lasso_en": (50, 10_000),
    }


def test_more_cores_take_less_time_but_not_less_than_the_longest_task():
    hours = [estimate_of(cores=n).seconds / 3600 for n in (1, 2, 16, 10_000)]
    assert hours == sorted(hours, reverse=True)
    assert hours[0] == pytest.approx(2 * hours[1], rel=0.1)
    (costs,) = estimate_of().costs
    longest = sum(costs.longest[stage] for stage in ("pretrain", "retrain", "score_arms"))
    assert hours[3] * 3600 == pytest.approx(longest + costs.seconds["other"])


def test_studies_share_the_cores():
    """Two studies take twice as long on two cores; on many, as long as one."""
    one, two = config_of(), config_of(studies={"s": STUDY, "t": STUDY})
    costs = [next(costs_of(two, study, SIZE)) for study in ("s", "t")]
    assert Estimate(costs, 2).seconds == pytest.approx(2 * estimate_of().seconds, rel=0.1)
    alone = Estimate([*costs_of(one, "s", SIZE)], 10_000, threads=8)
    assert Estimate(costs, 10_000, threads=8).seconds == alone.seconds


def test_what_needs_more_memory_than_there_is_on_one_core_is_refused():
    said = problem(size=WIDE, memory=1e9)
    assert said.startswith("studies.s: ")
    assert "of memory on one core" in said
    assert "there are 1 GB; " in said
    assert said.endswith("or use a larger machine")


@pytest.mark.parametrize(
    ("size", "keys", "said"),
    [
        (Size(10**5, 5000, 5000, 100), {"arms": ["none"]}, "reading tables needs 100 GB of memory"),
        (Size(10**6, 250, 5, 5), {"arms": ["smote"]}, "scoring needs"),
        (SIZE, {"gan": {"networks": {"hidden": [9000, 9000, 9000]}}}, "re-training needs"),
    ],
)
def test_the_job_that_needs_it_is_named(size, keys, said):
    assert said in problem(size=size, memory=5e9, **keys)


def test_fewer_cores_are_proposed_where_they_fit():
    """On the machine; on a cluster, fewer threads of a job."""
    need = estimate_of(WIDE, cores=16).memory
    said = problem(size=WIDE, cores=16, memory=0.7 * need)
    fewer = int(said.partition("CORES=")[2].rstrip("`)"))
    assert said.startswith("cores: found 16; jobs on so many need ")
    assert estimate_of(WIDE, cores=fewer).memory <= 0.7 * need
    assert estimate_of(WIDE, cores=fewer + 1).memory > 0.7 * need
    said = problem(size=WIDE, cores=64, threads=16, memory=0.7 * need)
    assert said.startswith("threads: found 16; jobs on so many need ")
    assert said.endswith(f"run on {fewer}")
    assert not [*estimate_of(WIDE, cores=16).problems(1.01 * need, math.inf)]


def test_pre_training_of_many_studies_side_by_side_needs_memory_for_all():
    config = config_of(studies={f"s{i}": STUDY for i in range(8)})
    costs = [next(costs_of(config, study, WIDE)) for study in config["studies"]]
    single = costs[0].memory(1)["pretrain"]
    arms = [Costs({**config, "arms": ["gan"]}, c.study, "none", c.size) for c in costs]
    assert Estimate(arms, 8).memory >= 8 * single
    assert Estimate(arms, 64, threads=8).memory == max(arms[0].memory(8).values())


def test_what_needs_more_disk_than_is_free_is_refused():
    said = problem(room=1e7)
    assert said.startswith("results_dir: the run needs 1.3 GB of disk, 10 MB are free; ")
    assert "% of it is for checkpoints" in said


def test_what_takes_longer_than_a_year_is_refused():
    said = problem(gan={"retraining": {"epochs_1": 10**9}})
    assert said.startswith("gan.retraining.epochs_1, epochs_2: the run takes ")
    assert said.endswith(" years on 2 cores, 100% of it for re-training; a year is the most")
    said = problem(scoring={"repeats": 100_000}, multipliers=[100.0])
    assert said.startswith("scoring.repeats: the run takes ")


def test_room_of_an_earlier_run_is_not_asked_for_twice(tmp_path, monkeypatch):
    (tmp_path / "results").mkdir()
    with (tmp_path / "results/checkpoint").open("wb") as file:
        file.truncate(1_200_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=200_000_000))
    assert check_run(config_of(), 2).startswith("About")
    with pytest.raises(ConfigError, match=r"results_dir: .* 200 MB are free"):
        check_run(config_of(results_dir="other/results"), 2)


def test_a_container_has_the_memory_that_it_may_use(tmp_path, monkeypatch):
    limit = tmp_path / "memory.max"
    monkeypatch.setattr(estimate, "_CONTAINER", limit)
    limit.write_text("max\n")
    assert check_run(config_of(), 2).startswith("About")
    limit.write_text("300000000\n")
    with pytest.raises(ConfigError, match="there are 300 MB"):
        check_run(config_of(), 2)


@pytest.mark.parametrize(
    ("gan", "said"),
    [
        ({"retraining": {"epochs_1": 10**15}}, "a year is the most"),
        ({"networks": {"hidden": [100_000, 100_000, 3]}}, "20,0"),
    ],
)
@pytest.mark.parametrize("study", [STUDY, IMPORTED], ids=["known", "unknown"])
@pytest.mark.parametrize("local_cores", [8, 0], ids=["here", "cluster"])
def test_what_no_machine_can_do_is_refused_whatever_the_size(gan, said, study, local_cores):
    config = config_of(studies={"s": study}, gan=gan)
    with pytest.raises(ConfigError, match=said) as error:
        check_run(config, local_cores, n_jobs=8)
    assert str(error.value).startswith("this cannot be run here:\n  - ")


def test_a_cluster_is_not_measured_by_the_machine_that_submits(monkeypatch):
    monkeypatch.setattr(estimate, "_machine_memory", lambda: 1e6)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=0))
    said = check_run(config_of(threads=4), local_cores=0, n_jobs=100)
    assert " on 400 cores, " in said
    assert "of memory a job" in said
    with pytest.raises(ConfigError):
        check_run(config_of(), 100)


def test_jobs_on_a_cluster_ask_for_more_where_there_is_more_to_do():
    wide = {**STUDY, "cohorts": {"source": "builtin", "n_features": 20_000}}
    requests = JobRequests(config_of(studies={"s": STUDY, "wide": wide, "golub": IMPORTED}))
    job, wide, golub = (SimpleNamespace(study=s, selection="none") for s in ("s", "wide", "golub"))
    for stage in ("pretrain", "retrain", "score_arms"):
        mem_mb, runtime = requests.mem_mb(stage), requests.runtime(stage)
        assert mem_mb(wide, 8, 1) > mem_mb(job, 8, 1) >= 1000
        assert runtime(wide, 8, 1) > runtime(job, 8, 1) >= 30
        assert mem_mb(wide, 8, 2) == 2 * mem_mb(wide, 8, 1)
        assert runtime(wide, 8, 3) == 3 * runtime(wide, 8, 1)
        assert mem_mb(golub, 8, 1) >= 4000
        assert runtime(golub, 8, 1) >= 720
    assert requests.mem_mb("retrain")(wide, 16, 1) > requests.mem_mb("retrain")(wide, 8, 1)
    assert requests.runtime("retrain")(wide, 16, 1) < requests.runtime("retrain")(wide, 8, 1)


def test_jobs_of_a_part_of_the_draws_ask_for_the_time_of_that_part():
    """In six draws; the largest part counts, and a job has one draw at least."""
    study = {**STUDY, "experiments": {"controls": [40, 80], "imbalance": [0.5]}}
    study["draws"] = {"replicates": 3}
    job = SimpleNamespace(study="s", selection="none")
    long = {"scoring": {"repeats": 1000}, "gan": {"retraining": {"epochs_1": 50_000}}}

    def minutes(stage: str, n_jobs: int) -> int:
        requests = JobRequests(config_of(studies={"s": study}, jobs_per_study=n_jobs, **long))
        return requests.runtime(stage)(job, 1, 1)

    for stage in ("retrain", "score_arms"):
        whole = minutes(stage, 1)
        for n_jobs, share in [(2, 1 / 2), (3, 1 / 3), (4, 1 / 3), (6, 1 / 6), (50, 1 / 6)]:
            assert minutes(stage, n_jobs) == pytest.approx(share * whole, abs=1)
    assert minutes("pretrain", 6) == minutes("pretrain", 1)
