"""Running a graph: numpy in, numpy out."""
