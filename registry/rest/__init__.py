"""The documented REST routes, as Flask blueprints."""

from flask import Flask

from registry.rest.account import account
from registry.rest.analytics import analytics
from registry.rest.artifacts import artifacts
from registry.rest.author import account_data, token_issue
from registry.rest.builds import builds
from registry.rest.commits import commits
from registry.rest.dependencies import dependencies
from registry.rest.docs import docs
from registry.rest.health import health
from registry.rest.issues import issues
from registry.rest.jobs import jobs
from registry.rest.limits import Policy, init_limits
from registry.rest.links import links
from registry.rest.listings import new_package, package_description
from registry.rest.metrics import metrics
from registry.rest.package_health import package_health
from registry.rest.package_name import PackageNameConverter
from registry.rest.packages import packages
from registry.rest.public_packages import meta, package_info, public_packages
from registry.rest.removal import version_removal
from registry.rest.reports import reports
from registry.rest.resolution import dependents, resolution
from registry.rest.root import probes, root
from registry.rest.search import search
from registry.rest.upload_sessions import (
    retry_beginning,
    upload_beginning,
    upload_sessions,
)
from registry.rest.uploads import package_retry, package_upload
from registry.rest.version_data import package_incompatibilities, package_xpselection
from registry.rest.webhooks import webhooks
from registry.settings import Settings

BLUEPRINTS = (
    root,
    probes,
    metrics,
    packages,
    commits,
    health,
    package_health,
    reports,
    dependencies,
    issues,
    search,
    builds,
    jobs,
    webhooks,
    account,
    account_data,
    token_issue,
    links,
    public_packages,
    package_info,
    meta,
    analytics,
    resolution,
    dependents,
    new_package,
    package_description,
    package_incompatibilities,
    package_xpselection,
    package_upload,
    package_retry,
    upload_beginning,
    retry_beginning,
    upload_sessions,
    version_removal,
    artifacts,
    docs,
)

# The routes with limits of their own, and those that are never limited.
POLICIES = {
    probes: None,
    metrics: None,
    account: Policy.ACCOUNT,
    links: Policy.ACCOUNT,
    account_data: Policy.ACCOUNT_DATA,
    token_issue: Policy.AUTH_ISSUE,
    public_packages: Policy.PACKAGES,
    package_info: Policy.PACKAGE_INFO,
    meta: Policy.META,
    analytics: Policy.ANALYTICS,
    resolution: Policy.RESOLVE,
    dependents: Policy.RESOLVE,
    new_package: Policy.PACKAGE_NEW,
    package_description: Policy.PACKAGE_DESCRIPTION,
    package_incompatibilities: Policy.PACKAGE_INCOMPATIBILITIES,
    package_xpselection: Policy.PACKAGE_XPSELECTION,
    package_upload: Policy.PACKAGE_UPLOAD,
    package_retry: Policy.PACKAGE_RETRY,
    upload_beginning: Policy.PACKAGE_UPLOAD,
    retry_beginning: Policy.PACKAGE_RETRY,
    version_removal: Policy.ACCOUNT,
}


def register_rest(app: Flask, settings: Settings) -> None:
    """Add the REST routes to the app, and the limits that they document."""
    app.url_map.converters["package_name"] = PackageNameConverter
    init_limits(app, settings, POLICIES)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
