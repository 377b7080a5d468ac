"""Tables of results: a row a job, a grid of devices, two axes; in markdown and in a terminal."""
