"""The job that looks external dependencies up in an npm registry."""

import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from registry.database import begin_write, raise_revision, reading
from registry.dependencies.external import load_published
from registry.dependencies.lookup_requests import due_lookups
from registry.errors import Unavailable
from registry.jobs import Work
from registry.models import Dependency, ExternalPackage
from registry.models.base import utc_now
from registry.npm_registry import Answer, NpmRegistry, RegistryTrouble
from registry.rules.outdated import Verdict, judge_dependency

# How many answers are gathered for one write.
_BATCH = 64

_log = logging.getLogger("registry.npm")


def look_up_dependencies(work: Work) -> None:
    """Ask the registry about every external dependency that is due, and judge it by the answer.

    With `all` in the payload, all are due. Answers are written as they come, so a run that is
    broken off loses little.

    Raises:
        Unavailable: about some there was no answer; the next run asks about those again.
    """
    settings = work.settings
    if not settings.npm_registry_url:
        return
    max_age = 0 if work.payload.get("all") else settings.npm_registry_max_age
    with reading(work.sessions) as session:
        due = session.execute(due_lookups(max_age)).all()
    registry = NpmRegistry(
        settings.npm_registry_url,
        private=settings.npm_registry_private,
        connections=settings.npm_registry_connections,
    )
    try:
        _look_up(work, registry, [(row.registry_name, row.etag or "") for row in due])
    finally:
        registry.close()
    with work.sessions() as session:
        begin_write(session)
        wanted = select(Dependency.registry_name).where(Dependency.registry_name != "")
        session.execute(delete(ExternalPackage).where(ExternalPackage.name.not_in(wanted)))
        session.commit()


def _look_up(work: Work, registry: NpmRegistry, due: Sequence[tuple[str, str]]) -> None:
    """Ask about packages, each with the etag of the last answer, and write the answers."""
    unanswered: list[str] = []
    reason = ""
    with ThreadPoolExecutor(work.settings.npm_registry_connections) as pool:
        for start in range(0, len(due), _BATCH):
            work.report(start, len(due), "asking the npm registry")
            answers: dict[str, Answer] = {}
            batch = due[start : start + _BATCH]
            tried = pool.map(lambda pair: _ask(registry, *pair), batch)
            for (name, _), answer in zip(batch, tried, strict=True):
                if isinstance(answer, RegistryTrouble):
                    _log.warning("%s could not be looked up: %s", name, answer.detail)
                    unanswered.append(name)
                    reason = answer.detail
                else:
                    answers[name] = answer
            _write(work, answers)
            if not answers:
                # It is not one package that is in trouble, but the registry.
                unanswered += [name for name, _ in due[start + _BATCH :]]
                break
    work.report(len(due) - len(unanswered), len(due), "asking the npm registry")
    if unanswered:
        raise Unavailable(
            f"{len(unanswered)} of {len(due)} packages could not be looked up in the npm registry: "
            f"{reason}.",
            code="npm_registry_unavailable",
        )


def _ask(registry: NpmRegistry, name: str, etag: str) -> Answer | RegistryTrouble:
    try:
        return registry.find(name, etag)
    except RegistryTrouble as trouble:
        return trouble


def _write(work: Work, answers: Mapping[str, Answer]) -> None:
    """Keep answers and judge what they are about; the revision is raised if a verdict changes."""
    if not answers:
        return
    with work.sessions() as session:
        begin_write(session)
        _keep(session, answers)
        changed = [name for name, answer in answers.items() if answer.changed]
        if _judge(session, changed):
            raise_revision(session)
        session.commit()


def _keep(session: Session, answers: Mapping[str, Answer]) -> None:
    now = utc_now()
    known = {
        row.name: row
        for row in session.scalars(
            select(ExternalPackage).where(ExternalPackage.name.in_(list(answers)))
        )
    }
    for name, answer in answers.items():
        row = known.get(name)
        if row is None:
            row = ExternalPackage(name=name, found=False)
            session.add(row)
        row.fetched_at = now
        if answer.changed:
            published = answer.published
            row.found, row.etag = published is not None, answer.etag
            row.latest = published.latest if published else ""
            row.versions = list(published.versions) if published else []
            row.deprecated = sorted(published.deprecated) if published else []
            row.tags = dict(published.tags) if published else {}
    session.flush()


def _judge(session: Session, names: Sequence[str]) -> bool:
    """Judge the dependencies on some packages anew; tells whether any verdict changed."""
    published = load_published(session.connection(), names)
    rows = session.execute(
        select(
            Dependency.id,
            Dependency.registry_name,
            Dependency.registry_range,
            Dependency.latest,
            Dependency.outdated,
            Dependency.status,
        ).where(Dependency.registry_name.in_(names))
    ).all()
    verdicts: dict[tuple[str, str], Verdict] = {}
    changes = []
    for row in rows:
        asked = row.registry_name, row.registry_range
        if asked not in verdicts:
            verdicts[asked] = judge_dependency(row.registry_range, published[row.registry_name])
        verdict = verdicts[asked]
        if verdict != Verdict(row.latest, row.outdated, row.status):
            changes.append(
                {
                    "id": row.id,
                    "latest": verdict.latest,
                    "outdated": verdict.outdated,
                    "status": verdict.status,
                }
            )
    if changes:
        session.execute(update(Dependency), changes)
    return bool(changes)
