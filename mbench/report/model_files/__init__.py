"""Tables of one model file: layers, tensors and operators."""
