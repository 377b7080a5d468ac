"""Device profiles: what is declared about a model of phone, matched and checked against what it says."""
