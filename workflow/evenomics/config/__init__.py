"""The config of the workflow: what may stand in it, and what is said where something else does.

Everything here needs no more than PyYAML and jsonschema, which Snakemake brings along: a workflow
is parsed where no numerical library is installed. `schema/` is the only list of names (arms,
sources, metrics, ...), with their titles and descriptions. `validation.validated` fills in the
defaults and reports all problems together; those of a source's own options are in `sources`.
"""
