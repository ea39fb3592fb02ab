"""Learning curves and the paper's figures: planned, run, resumed and compared."""
