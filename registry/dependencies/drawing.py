"""The dependency graph as a picture: Graphviz's layout, in a process of its own.

Graphviz comes inside the wheels of `pygraphviz`, so none need be installed. Its layout may take
very long, is not made for threads and cannot be stopped; in a process of its own it harms nobody.
"""

import subprocess
import sys

from registry.dependencies.diagrams import write_dot
from registry.dependencies.graph import DependencyGraph
from registry.errors import InvalidInput, Unavailable

# Beyond these a picture tells nothing, and takes long to make: 300 packages with 1,000 edges take
# about a second.
MOST_NODES = 400
MOST_EDGES = 1_500
_SECONDS = 20


def draw_svg(graph: DependencyGraph) -> bytes:
    """Draw a graph as SVG.

    Raises:
        InvalidInput: it is too large to draw.
        Unavailable: the layout fails, or takes longer than 20 seconds.
    """
    if len(graph.nodes) > MOST_NODES or len(graph.edges) > MOST_EDGES:
        raise InvalidInput(
            f"A picture has at most {MOST_NODES} packages and {MOST_EDGES} edges, this graph has "
            f"{len(graph.nodes)} and {len(graph.edges)}: ask for the surroundings of one package "
            "with `package`, for one `type`, or for another format.",
            code="graph_too_large",
        )
    try:
        drawn = subprocess.run(
            # Isolated: it takes nothing from the directory that the service runs in.
            [sys.executable, "-I", "-m", "registry.dependencies.layout"],
            input=write_dot(graph).encode(),
            capture_output=True,
            timeout=_SECONDS,
            check=True,
        )
    except (subprocess.SubprocessError, OSError) as error:
        raise Unavailable(
            "The graph could not be drawn: ask for less of it, or for another format.",
            code="drawing_failed",
        ) from error
    return drawn.stdout
