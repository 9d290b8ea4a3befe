# Take batch effects between the cohorts of a study away by ComBat (Johnson, Li, Rabinovic 2007).
#
# The real cohort is the reference batch and stays as it is. No class is looked at, so that none of
# the validation cohort's can be: there are no covariates. Where cohorts differ in the shares of
# their classes, ComBat therefore takes part of the difference between classes away as well.
#
# The features of validation samples are used (transductive): each one's values come to depend on
# the others of its cohort. Batches other than the reference do not see each other, so that the
# external cohort comes out the same whatever the validation cohort.

snakemake@source("script_log.R")
log_to(snakemake@log[[1]])
need("sva")

cohorts <- lapply(snakemake@input[c("real", "external", "validation")], read_cohort)

features <- colnames(cohorts$real$matrix)
for (name in names(cohorts)) {
  values <- cohorts[[name]]$matrix
  path <- snakemake@input[[name]]
  if (!identical(colnames(values), features)) {
    fail(
      path, ": ComBat needs the features of the real cohort (", some(features), "), in their order;",
      " found ", some(colnames(values))
    )
  }
  if (nrow(values) < 2) {
    fail(path, ": ComBat needs two samples or more in a cohort, found ", nrow(values))
  }
  missing <- features[colSums(!is.finite(values)) > 0]
  if (length(missing) > 0) {
    fail(path, ": ComBat needs all values, but ", some(missing), " have missing ones")
  }
}

# sva leaves a feature alone that is constant in a batch; here it is left out beforehand, since sva
# fails where less than two are left
constant <- lapply(cohorts, function(cohort) {
  features[apply(cohort$matrix, 2, function(values) min(values) == max(values))]
})
for (name in names(constant)[lengths(constant) > 0]) {
  warning(
    snakemake@input[[name]], ": ", length(constant[[name]]), " features are constant and keep ",
    "their values in all cohorts: ", some(constant[[name]]), call. = FALSE
  )
}
adjustable <- setdiff(features, unlist(constant))
if (length(adjustable) < 2) {
  fail(
    "ComBat needs two features or more that vary within every cohort, found ", length(adjustable),
    " of ", length(features)
  )
}

batch <- rep(names(cohorts), vapply(cohorts, function(cohort) nrow(cohort$matrix), 0L))
pooled <- do.call(rbind, lapply(cohorts, `[[`, "matrix"))
pooled[, adjustable] <- t(
  sva::ComBat(t(pooled[, adjustable]), batch = batch, ref.batch = "real")
)

for (name in names(cohorts)) {
  cohort <- cohorts[[name]]
  text <- data.frame(
    sample_id = cohort$samples,
    class = if (is.null(cohort$classes)) NA_character_ else cohort$classes
  )
  text$group <- cohort$groups
  values <- pooled[batch == name, , drop = FALSE]
  write_tsv(data.frame(text, values, check.names = FALSE), snakemake@output[[name]])
}
