# Differential expression between the classes of the real cohort, by limma's moderated tests; of every
# replicate by itself.
snakemake@source("script_log.R")
log_to(snakemake@log[[1]])
need("limma")

classes <- unlist(snakemake@params[["classes"]])
folder <- snakemake@input[["cohorts"]]

tested <- function(replicate) {
  cohort <- read_cohort(cohort_path(folder, "real", replicate))
  class <- factor(cohort$classes, levels = classes)
  if (anyNA(class)) fail("the real cohort has classes that the study does not name")
  values <- t(cohort$matrix)
  if (anyDuplicated(cohort$groups)) {
    message(
      "the ", ncol(values), " samples of ", length(unique(cohort$groups)), " groups are tested as ",
      "if independent, since only the order of features is used; p-values are too small if the ",
      "samples of a group are of one class, and too large if they are pairs"
    )
  }

  # the first class is the reference: a coefficient is the mean of another class minus its mean
  design <- model.matrix(~class)
  colnames(design) <- c("(reference)", classes[-1])
  others <- classes[-1]
  model <- eBayes(lmFit(values, design))
  message(
    "limma ", packageVersion("limma"), ": ", nrow(values), " features, ",
    paste(levels(class), table(class), collapse = ", "), "; prior degrees of freedom ",
    format(model$df.prior, digits = 4), ", prior variance ", format(model$s2.prior, digits = 4)
  )

  # with two classes a moderated t, with more a moderated F over all of them
  found <- topTable(model, coef = others, number = Inf, sort.by = "none")
  statistic <- if (length(others) == 1) "t" else "F"
  fold_changes <- as.data.frame(model$coefficients[, others, drop = FALSE])
  names(fold_changes) <- if (length(others) == 1) "logFC" else paste0("logFC.", others)
  table <- data.frame(
    replicate = replicate, feature = rownames(values), fold_changes, average = found$AveExpr,
    found[statistic], p_value = found$P.Value, adjusted_p_value = found$adj.P.Val,
    check.names = FALSE
  )
  message(sum(table$adjusted_p_value < 0.05), " features have an adjusted p-value below 0.05")
  table[order(table$p_value, match(table$feature, rownames(values))), ]
}

tables <- lapply(replicates_of(folder), tested)
write_tsv(do.call(rbind, tables), snakemake@output[["table"]])
