"""The dependency graph as text that other programs draw: Mermaid's and Graphviz's languages.

Nodes are numbered, so that a name stands only in labels, where every character that means
something to either language is escaped: a name may be anything that a manifest can hold.
"""

import re

from registry.dependencies.graph import DependencyGraph
from registry.rules.enumerations import DependencyKind

# Neither language has a place for control characters, nor has SVG.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_MERMAID_SIGN = re.compile(r"[\x20-\x7e]")
_MERMAID_PLAIN = re.compile(r"[A-Za-z0-9@/._ -]")

_MERMAID_ARROWS = {
    DependencyKind.DEPENDENCY: "-->",
    DependencyKind.DEV_DEPENDENCY: "-.->|dev|",
    DependencyKind.PEER_DEPENDENCY: "-.->|peer|",
    DependencyKind.OPTIONAL_DEPENDENCY: "-.->|optional|",
}
_DOT_STYLES = {
    DependencyKind.DEPENDENCY: "solid",
    DependencyKind.DEV_DEPENDENCY: "dashed",
    DependencyKind.PEER_DEPENDENCY: "dotted",
    DependencyKind.OPTIONAL_DEPENDENCY: "dotted",
}
_CYCLE_COLOUR = "#c62828"


def write_mermaid(graph: DependencyGraph) -> str:
    """Write a graph as a Mermaid flowchart; edges of the cycles that it names are red."""
    numbers = _numbers(graph)
    circular = _edges_of_cycles(graph)
    lines = ["flowchart LR"]
    lines += [f'  n{number}["{_mermaid_label(name)}"]' for name, number in numbers.items()]
    lines += [
        f"  n{numbers[edge.source]} {_MERMAID_ARROWS[DependencyKind(edge.type)]} "
        f"n{numbers[edge.target]}"
        for edge in graph.edges
    ]
    red = [
        str(index)
        for index, edge in enumerate(graph.edges)
        if (edge.source, edge.target) in circular
    ]
    if red:
        lines.append(f"  linkStyle {','.join(red)} stroke:{_CYCLE_COLOUR}")
    return "\n".join(lines) + "\n"


def write_dot(graph: DependencyGraph) -> str:
    """Write a graph in Graphviz's language; edges of the cycles that it names are red."""
    numbers = _numbers(graph)
    circular = _edges_of_cycles(graph)
    lines = ["digraph dependencies {", "  rankdir=LR", "  node [shape=box]"]
    lines += [f'  n{number} [label="{_dot_label(name)}"]' for name, number in numbers.items()]
    for edge in graph.edges:
        style = f"style={_DOT_STYLES[DependencyKind(edge.type)]}"
        if (edge.source, edge.target) in circular:
            style += f' color="{_CYCLE_COLOUR}"'
        lines.append(f"  n{numbers[edge.source]} -> n{numbers[edge.target]} [{style}]")
    return "\n".join([*lines, "}"]) + "\n"


def _numbers(graph: DependencyGraph) -> dict[str, int]:
    return {node.name: number for number, node in enumerate(graph.nodes)}


def _edges_of_cycles(graph: DependencyGraph) -> set[tuple[str, str]]:
    return {
        pair for cycle in graph.cycles for pair in zip(cycle, cycle[1:] + cycle[:1], strict=True)
    }


def _mermaid_label(name: str) -> str:
    """Escape as Mermaid's documentation has it for quoted text: `#35;` is a `#`."""

    def escape(sign: re.Match[str]) -> str:
        return sign[0] if _MERMAID_PLAIN.fullmatch(sign[0]) else f"#{ord(sign[0])};"

    return _MERMAID_SIGN.sub(escape, _CONTROL.sub("\ufffd", name))


def _dot_label(name: str) -> str:
    """Escape for a quoted text that is a label: a backslash and `&` begin escapes in one, too."""
    name = _CONTROL.sub("\ufffd", name)
    return name.replace("\\", "\\\\").replace('"', '\\"').replace("&", "&amp;")
