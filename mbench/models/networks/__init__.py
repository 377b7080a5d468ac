"""Networks: the paper's architectures and those that it compares with, one line for each layer."""
