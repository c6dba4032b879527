"""What both servers are asked: the same selections in the words of each schema."""

import json
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

# The contract's flagship without what only we have: listings and publications.
_OUR_FLAGSHIP = """
query Flagship {
  packages(first: 50) {
    nodes {
      name version description
      versions(first: 5) { nodes { version date tag } }
      commits(first: 10) { nodes { hash author date message type } }
      health { overallScore buildStatus testCoverage lintStatus securityAudit }
      dependencies(first: 10) { nodes { name version type latest outdated } }
    }
  }
}
"""
_THEIR_FLAGSHIP = """
query Flagship {
  packages: allPackages(first: 50, orderBy: NAME_ASC) {
    nodes {
      name version description
      versions: versionsByPackageId(first: 5, orderBy: PRECEDENCE_DESC) {
        nodes { version date tag }
      }
      commits: packageCommitsByPackageId(first: 10, orderBy: [DATE_DESC, COMMIT_ID_DESC]) {
        nodes { commit: commitByCommitId { hash author: authorName date message type } }
      }
      health: healthByPackageId { overallScore buildStatus testCoverage lintStatus securityAudit }
      dependencies: dependenciesByPackageId(first: 10, orderBy: [NAME_ASC, KIND_ASC]) {
        nodes { name version: range type: kind latest outdated }
      }
    }
  }
}
"""
# The same with all that the contract's has and both can say: counts, and what rows lead to.
_OUR_COUNTED = """
query Counted {
  packages(first: 50) {
    totalCount
    pageInfo { hasNextPage }
    nodes {
      name version type description path
      versions(first: 5) { totalCount nodes { version date tag commit { hash message } } }
      commits(first: 10) { totalCount nodes { hash author date message type } }
      health { overallScore buildStatus testCoverage lintStatus securityAudit }
      dependencies(first: 10) {
        nodes { name version type latest outdated package { name version } }
      }
    }
  }
}
"""
_THEIR_COUNTED = """
query Counted {
  packages: allPackages(first: 50, orderBy: NAME_ASC) {
    totalCount
    pageInfo { hasNextPage }
    nodes {
      name version type description path
      versions: versionsByPackageId(first: 5, orderBy: PRECEDENCE_DESC) {
        totalCount
        nodes { version date tag commit: commitByCommitId { hash message } }
      }
      commits: packageCommitsByPackageId(first: 10, orderBy: [DATE_DESC, COMMIT_ID_DESC]) {
        totalCount
        nodes { commit: commitByCommitId { hash author: authorName date message type } }
      }
      health: healthByPackageId { overallScore buildStatus testCoverage lintStatus securityAudit }
      dependencies: dependenciesByPackageId(first: 10, orderBy: [NAME_ASC, KIND_ASC]) {
        nodes {
          name version: range type: kind latest outdated
          package: packageByTargetId { name version }
        }
      }
    }
  }
}
"""
_OUR_PACKAGE = """
query Package($name: String!) {
  package(name: $name) { name version type description health { overallScore buildStatus } }
}
"""
_THEIR_PACKAGE = """
query Package($name: String!) {
  package: packageByWorkspaceIdAndName(workspaceId: "1", name: $name) {
    name version type description
    health: healthByPackageId { overallScore buildStatus }
  }
}
"""
_OUR_LIST = "query List { packages(first: 1000) { nodes { name version type } } }"
_THEIR_LIST = """
query List { packages: allPackages(first: 1000, orderBy: NAME_ASC) { nodes { name version type } } }
"""


@dataclass(frozen=True)
class Aim:
    """What our figures may be at most, or must be at least, as ratios to the others'."""

    p50: float
    throughput: float | None = None


@dataclass(frozen=True)
class Question:
    """One query in the words of both schemas."""

    name: str
    ours: str
    theirs: str
    aim: Aim | None = None
    # Whether it takes a package's name, another one each time.
    takes_name: bool = False
    # Whether our answer is one that was kept since it was first given.
    kept: bool = False

    def bodies(self, query: str, names: list[str]) -> list[str]:
        """Write the request bodies that ask it, one after the other."""
        if not self.takes_name:
            return [json.dumps({"query": query})]
        return [json.dumps({"query": query, "variables": {"name": name}}) for name in names]


QUESTIONS = (
    Question("flagship", _OUR_FLAGSHIP, _THEIR_FLAGSHIP, Aim(0.5, 3)),
    Question("flagship, kept", _OUR_FLAGSHIP, _THEIR_FLAGSHIP, Aim(0.1), kept=True),
    Question("flagship, counted", _OUR_COUNTED, _THEIR_COUNTED),
    Question("one package", _OUR_PACKAGE, _THEIR_PACKAGE, Aim(1.2), takes_name=True),
    Question("list of 1,000", _OUR_LIST, _THEIR_LIST, Aim(0.65)),
)


def data_of(body: bytes) -> Any:
    """Read what an answer says, whichever server's it is, in one form.

    Raises:
        SystemExit: the answer has errors.
    """
    answer = json.loads(body)
    if answer.get("errors"):
        raise SystemExit(f"A server refused: {json.dumps(answer['errors'])[:1000]}")
    return _plain(answer["data"])


def _plain(value: Any, key: str = "") -> Any:
    if isinstance(value, dict):
        if list(value) == ["commit"]:
            # The other schema shows the table between packages and commits.
            return _plain(value["commit"])
        return {name: _plain(item, name) for name, item in value.items()}
    if isinstance(value, list):
        return list(map(partial(_plain, key=key), value))
    if key == "date" and value is not None:
        return datetime.fromisoformat(value)
    return value
