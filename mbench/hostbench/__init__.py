"""A program with the command line of TFLite's benchmark_model, for this host.

`python -m mbench.hostbench --graph=model.tflite --num_threads=1` runs the model in the LiteRT runtime of
`ai_edge_litert` and prints the lines, writes the files and ends with the exit codes of `benchmark_model`
(google-ai-edge/LiteRT `tflite/tools/benchmark`), so that whatever reads a phone's output reads this one. It imports the
standard library, numpy and ai_edge_litert, and nothing of mbench.
"""
