"""The compiled engine of the dropout classifier, and its PyTorch reference."""
