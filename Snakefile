# The workflow is in workflow/Snakefile; this file lets `snakemake` find it.
include: "workflow/Snakefile"


rule default:
    default_target: True
    input:
        rules.all.input,
