# Rows of pixels in, probabilities of the ten digits out: what training and serving share.
suppressPackageStartupMessages(library(ranger))

FEATURES <- 784
CLASSES <- as.character(0:9)

# rows: matrix [n, 784] of numbers; labels: n of 0..9. A forest that answers with probabilities.
fit <- function(rows, labels, trees, tried, smallest, seed, threads) {
  colnames(rows) <- paste0("x", seq_len(FEATURES) - 1)
  ranger(
    x = rows, y = factor(labels, levels = CLASSES), num.trees = trees, mtry = tried, min.node.size = smallest,
    probability = TRUE, seed = seed, num.threads = threads, respect.unordered.factors = FALSE, write.forest = TRUE
  )
}

# Matrix [n, 10] for a matrix [n, 784]; a digit that was not among the training rows has 0.
probabilities <- function(forest, rows, threads = 1) {
  colnames(rows) <- paste0("x", seq_len(FEATURES) - 1)
  given <- predict(forest, data = rows, num.threads = threads, verbose = FALSE)$predictions
  if (is.null(dim(given))) given <- matrix(given, nrow = nrow(rows), dimnames = list(NULL, names(given)))
  answers <- matrix(0, nrow(rows), length(CLASSES), dimnames = list(NULL, CLASSES))
  answers[, colnames(given)] <- given
  answers
}
