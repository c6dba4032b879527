"""A program: reads a graph in Graphviz's language, writes it drawn as SVG.

`registry.dependencies.drawing` runs it.
"""

import sys

from pygraphviz import AGraph


def main() -> None:
    """Draw what comes in on standard input."""
    graph = AGraph(string=sys.stdin.buffer.read().decode())
    sys.stdout.buffer.write(graph.draw(format="svg", prog="dot"))


if __name__ == "__main__":
    main()
