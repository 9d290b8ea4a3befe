# What the rules of the report, and the end of a run, need.
import os
import subprocess
import sys

from snakemake.io import report as in_report


def reported(study, selection, result):
    """Output of a figure or page; the first of its files is for the report."""
    first, *more = [f"<results>/{study}/{selection}/{path}" for path in result.paths]
    return [
        in_report(
            first,
            caption=f"../report/{result.caption}.rst",
            category=f"2. Study {study}",
            subcategory=result.section,
            labels={
                "result": result.title,
                "experiment": result.experiment or "all",
                "features": selection,
            },
        ),
        *more,
    ]


def finish():
    """Write the report and print the answers, as `make run` does, if all was asked for."""
    asked, results = workflow.dag_settings, Path(config["results_dir"]).absolute()
    partial = asked.targets or asked.until or asked.omit_from
    # results in a bucket are not here
    if not partial and (results / "answers.tsv").is_file():
        # relative paths of the command line are meant from where it was given
        moved = workflow.overwrite_workdir is not None
        folder = os.environ.get("PWD", ".") if moved else "."
        script = LIBRARY / "scripts/finish_run.py"
        subprocess.run(
            [os.path.abspath(sys.executable), script, results, *sys.argv[1:]],
            cwd=folder,
        )
