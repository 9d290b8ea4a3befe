# Where the rules of sources, cohorts and selection find their files.
def users_own(paths):
    """Files that the config names: where it says, whatever the prefix of a module."""
    return [local(path) for path in paths if path]


def made_cohorts(study):
    """Tables that a rule of sources.smk makes for a study, by cohort."""
    cohorts = config["studies"][study]["cohorts"]
    names = made_names(cohorts)
    return {name: f"results/{study}/made/{name}.tsv.gz" for name in names}


def spec_of(wildcards):
    """What the config says of one cohort."""
    return given_cohorts(config["studies"][wildcards.study]["cohorts"])[
        wildcards.cohort
    ]


def of_source(source):
    """Wildcard constraint: the studies whose cohorts come from a source."""
    return one_of(
        name
        for name, study in config["studies"].items()
        if study["cohorts"]["source"] == source
    )


def geo_files(wildcards):
    """Files of a GEO cohort: those that the config names, the others from the download."""
    spec = spec_of(wildcards)
    platform = spec["platform"] or "any"
    if spec["file"]:
        files = {"series": local(spec["file"])}
    else:
        files = {
            "series": f"resources/geo/checked/{spec['accession']}.{platform}.series.gz"
        }
    if spec["platform_file"]:
        files["platform"] = local(spec["platform_file"])
    elif spec["platform"] and not spec["file"] and spec["symbol_column"] != "none":
        files["platform"] = f"resources/geo/checked/{spec['platform']}.table.gz"
    if spec["samples_query"]:
        files["samples"] = (
            f"results/{wildcards.study}/made/{wildcards.cohort}.samples.txt"
        )
    return files


def harmonised_by(*methods):
    """Wildcard constraint: the studies whose cohorts are harmonised in one of these ways."""
    return one_of(
        name
        for name, study in config["studies"].items()
        if study["harmonise"] in methods
    )


def steps_before(selection):
    """The selection that a selection goes on from: all but its last step."""
    before = SELECTIONS[selection][:-1]
    return next(name for name, steps in SELECTIONS.items() if steps == before)


def ending_in(step):
    """Wildcard constraint: the selections whose last step is this one."""
    return one_of(name for name, steps in SELECTIONS.items() if steps[-1:] == (step,))


def cohorts_before(wildcards):
    """Input function: the cohorts that a selection takes its features from."""
    return {
        name: f"results/{wildcards.study}/{steps_before(wildcards.selection)}/cohorts/{name}.tsv.gz"
        for name in COHORTS
    }
