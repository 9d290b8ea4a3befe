# Remove batch effects between the cohorts of a study by ComBat (Johnson, Li, Rabinovic 2007).
#
# The real cohort is the reference batch and does not change. There are no covariates: classes are not
# used, since those of the validation cohort must not be. Therefore, if cohorts differ in the
# proportions of their classes, ComBat removes part of the class difference as well.
#
# Features of validation samples are used (transductive): a sample depends on the others of its
# cohort. Batches other than the reference do not affect each other, so the external cohort does not
# depend on the validation cohort.

snakemake@source("script_log.R")
log_to(snakemake@log[[1]])
need("sva")

# Harmonise the cohorts in files, both named by cohort, and write them to others.
harmonise <- function(inputs, outputs) {
  cohorts <- lapply(inputs, read_cohort)
  features <- colnames(cohorts$real$matrix)
  for (name in names(cohorts)) {
    values <- cohorts[[name]]$matrix
    path <- inputs[[name]]
    if (!identical(colnames(values), features)) {
      fail(
        path, ": ComBat needs the features of the real cohort (", some(features), "), in their ",
        "order; found ", some(colnames(values))
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

  # sva does not change features that are constant in a batch, and fails if fewer than two others are
  # left; they are taken out before
  constant <- lapply(cohorts, function(cohort) {
    features[apply(cohort$matrix, 2, function(values) min(values) == max(values))]
  })
  for (name in names(constant)[lengths(constant) > 0]) {
    warning(
      inputs[[name]], ": ", length(constant[[name]]), " features are constant and keep ",
      "their values in all cohorts: ", some(constant[[name]]), call. = FALSE
    )
  }
  adjustable <- setdiff(features, unlist(constant))
  if (length(adjustable) < 2) {
    fail(
      "ComBat needs two features or more that vary within every cohort, found ",
      length(adjustable), " of ", length(features)
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
    write_tsv(data.frame(text, values, check.names = FALSE), outputs[[name]])
  }
}

cohorts <- c(real = "real", external = "external", validation = "validation")
for (replicate in replicates_of(snakemake@input[["cohorts"]])) {
  harmonise(
    lapply(cohorts, function(name) cohort_path(snakemake@input[["cohorts"]], name, replicate)),
    lapply(cohorts, function(name) cohort_path(snakemake@output[["cohorts"]], name, replicate))
  )
}
