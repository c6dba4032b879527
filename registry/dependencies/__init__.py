"""How packages depend on one another: the graph, its cycles, what a change affects."""
