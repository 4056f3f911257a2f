# A folder with x_train, y_train, x_test (little-endian float32 and int32, rows first) and params.json in; forest.rds
# and answers (float64, a row for each test row) out. train.py calls it: `Rscript train.R FOLDER`.
here <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(FALSE), value = TRUE)))
source(file.path(here, "forest.R"))

folder <- commandArgs(TRUE)[1]
given <- jsonlite::fromJSON(file.path(folder, "params.json"))
read <- function(name, what) {
  path <- file.path(folder, name)
  readBin(path, what, file.size(path) / 4, size = 4, endian = "little")
}
rows <- function(name) matrix(read(name, "numeric"), ncol = FEATURES, byrow = TRUE)

started <- proc.time()[["elapsed"]]
forest <- fit(
  rows("x_train"), read("y_train", "integer"), trees = given$trees, tried = given$tried,
  smallest = given$smallest, seed = given$seed, threads = given$threads
)
seconds <- proc.time()[["elapsed"]] - started
# The call would drag the training rows' names along, and nothing asks for it.
forest$call <- NULL
saveRDS(forest, file.path(folder, "forest.rds"), compress = "xz")
# By the file, as it will be served.
answers <- probabilities(readRDS(file.path(folder, "forest.rds")), rows("x_test"), threads = given$threads)
writeBin(as.vector(t(answers)), file.path(folder, "answers"), size = 8, endian = "little")
told <- list(
  seconds = seconds, out_of_bag = forest$prediction.error,
  versions = list(R = as.character(getRversion()), ranger = as.character(packageVersion("ranger")))
)
writeLines(jsonlite::toJSON(told, auto_unbox = TRUE, digits = NA), file.path(folder, "told.json"))
