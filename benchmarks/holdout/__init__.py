"""How well issues are foretold on pretend clusters of a kind that no training has seen."""
