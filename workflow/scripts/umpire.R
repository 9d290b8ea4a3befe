# Simulate the three cohorts of a study with one clinical engine of the R package Umpire, and noise
# (shared, or one for the real and one for the other cohorts); cluster k is the k-th class.
snakemake@source("script_log.R")
log_to(snakemake@log[[1]])

need(
  "Umpire",
  "in R, install.packages(\"Umpire\"); `source: builtin` draws from the same model without it"
)

options <- snakemake@params$cohorts
classes <- unlist(snakemake@params$classes)
sizes <- unlist(options[c("n_real", "n_external", "n_validation")])
names(sizes) <- sub("n_", "", names(sizes))

# One seed for the engine and one for each cohort, so that the size of a cohort changes no other. R
# takes seeds of 31 bits, the config has 32: the last bit chooses between two sets.
seed <- snakemake@params$seed
set.seed(seed %/% 2)
seeds <- matrix(sample.int(.Machine$integer.max, 8), 2)[1 + seed %% 2, ]
names(seeds) <- c("engine", names(sizes))

set.seed(seeds["engine"])
engine <- Umpire::ClinicalEngine(
  options$n_features, length(classes), isWeighted = options$weighted
)
n_features <- nrow(Umpire::rand(engine, 2)$data)
if (n_features != options$n_features) {
  message(
    "Umpire simulates ", n_features, " features, not ", options$n_features,
    ": its blocks all have the same size, and features that do not fill one are left out"
  )
}
draw_noise <- function() {
  Umpire::ClinicalNoiseModel(
    n_features, shape = options$noise_shape, scale = options$noise_scale
  )
}
noise <- list(real = draw_noise())
# external and validation cohort are one draw of the released scripts, cut in two
noise$external <- if (options$noise == "per_cohort") draw_noise() else noise$real
noise$validation <- noise$external

features <- sprintf("F%0*d", nchar(n_features), seq_len(n_features))
for (name in names(sizes)) {
  set.seed(seeds[name])
  drawn <- Umpire::rand(engine, sizes[[name]])
  samples <- t(Umpire::blur(noise[[name]], drawn$data))
  colnames(samples) <- features
  class <- classes[drawn$clinical$CancerSubType]
  counts <- table(factor(class, classes))
  if (name != "external" && any(counts == 0)) {
    fail(
      "cohorts.n_", name, ": none of ", sizes[[name]], " samples is of the class '",
      names(counts)[counts == 0][1], "'; ask for more samples"
    )
  }
  message(name, ": ", paste(names(counts), counts, collapse = ", "))
  ids <- sprintf("%s_%0*d", name, nchar(sizes[[name]]), seq_len(sizes[[name]]))
  # nothing may use the classes of the external cohort
  frame <- data.frame(sample_id = ids, class = if (name == "external") NA else class, samples)
  write_tsv(frame, snakemake@output[[name]])
}
