"""The problem document (RFC 9457), and the closed list of its codes."""

from typing import Annotated

from pydantic import Field

from registry.rest.openapi.shape import Shape, absent

# By what goes wrong. A test holds the list to the codes that the source names.
CODES = frozenset(
    """
    bad_request invalid_input invalid_json invalid_form not_an_object missing_form_data
    body_too_large unsupported_media_type method_not_allowed not_found conflict precondition_failed
    requested_range_not_satisfiable rate_limited nobody_to_count
    unauthenticated invalid_token insufficient_scope cross_site_write invalid_signature
    internal_error unavailable database_unavailable database_full database_read_only
    database_not_migrated query_too_slow
    queue_unavailable job_not_found webhook_not_configured

    package_not_found manifest_changed manifest_not_json workspace_unavailable
    workspace_not_configured workspace_not_catalogued workspace_not_writable workspace_is_bare
    history_incomplete history_unreadable reference_not_found no_common_history commit_unknown
    graph_too_large drawing_failed npm_registry_not_configured npm_registry_unavailable
    invalid_report

    not_your_package invalid_or_empty_str full_id_or_invalid invalid_id_or_repo id_in_use
    invalid_name name_in_use profane_name invalid_pkg_type bad_desc_len profane_desc
    bad_version_len invalid_version version_exists version_not_exist bad_sel_len invalid_selection
    invalid_access_config not_bool plat_supp no_file invalid_commit cant_retry still_processing
    dep_not_str bad_dep_arr bad_dep_tuple invalid_dep_tuple_types invalid_dep_tuple_id
    invalid_dep_sel self_dep
    inc_not_str bad_inc_arr bad_inc_tuple invalid_inc_tuple_types invalid_inc_tuple_id
    invalid_inc_sel dep_or_self_inc
    artifact_unavailable resolution_too_hard
    insufficient_storage not_enough_space quota_exceeded too_many_uploads upload_not_found
    upload_elsewhere offset_mismatch hash_mismatch invalid_hash invalid_header invalid_body
    tus_version
    short_name long_name name_exists long_desc neg_or_zero_expiry long_expiry float_expiry
    zero_perm float_perm large_perm admin_perm invalid_perm long_arr invalid_arr extra_arr
    too_many_tokens bad_after_date bad_before_date bad_date_combo short_diff long_diff
    """.split()  # noqa: SIM905 -- as many strings in quotes would be hard to read
)


class FieldProblem(Shape):
    """What is wrong with one field of the input."""

    field: str
    """The field's name; one within a list as in `builds[3].status`."""
    message: str


class Problem(Shape):
    """Why a request was refused or failed (RFC 9457)."""

    type: str
    """An address here, `/problems/CODE`, that explains the kind of problem."""
    title: str
    """The kind of problem in words."""
    status: Annotated[int, Field(ge=400, le=599)]
    detail: str
    """What is wrong with this request, in a sentence for people."""
    code: Annotated[str, Field(json_schema_extra={"enum": sorted(CODES)})]
    """What a program should switch on; it never changes."""
    errors: list[FieldProblem] = absent
    """Each field that is wrong, where the input is."""
