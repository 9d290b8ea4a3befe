"""The config of the workflow: its schema, its defaults, and the messages about its mistakes.

`validation.validated` fills in the defaults and reports all problems together; those of a source's
own options are in `sources`. `plan.Plan` says what follows from the config for the rules, and
`estimate.check_run` what the run will take. The folder `schema` is the only list of names (arms,
sources, metrics, ...), with their titles and descriptions. Everything here needs only PyYAML and
jsonschema, which come with Snakemake, because a workflow may be parsed where no numerical library
is installed.
"""
