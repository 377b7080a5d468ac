"""The paper: suites, their tables, figures and the document of all of them."""
