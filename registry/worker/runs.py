"""The job that records a CI run that a forge told of, as builds of the packages it counts for."""

from dataclasses import replace

from registry.database import begin_write, reading
from registry.health.builds import record_builds
from registry.health.runs import find_packages_of_run
from registry.health.told_builds import read_build
from registry.jobs import Work


def record_run(work: Work) -> None:
    """Record the run that the payload describes, as `POST /api/builds` would take it.

    Raises:
        Unavailable: the workspace's clone does not have the run's commit yet; tried again.
        WorkspaceUnavailable: the repository cannot be read; tried again.
    """
    told = read_build(work.payload, "")
    with reading(work.sessions) as session:
        names = find_packages_of_run(session, told.state.commit)
    with work.sessions() as session:
        begin_write(session)
        record_builds(
            session,
            [replace(told, package=name) for name in names],
            window_days=work.settings.build_window_days,
        )
        session.commit()
    work.report(len(names), len(names), "packages")
