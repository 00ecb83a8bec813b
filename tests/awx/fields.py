# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The fields of each kind of object in AWX 24, from the options of awx.awx's modules and the API's description."""

from __future__ import annotations

from typing import Any

_ASKED = (
    "credential diff_mode execution_environment forks instance_groups inventory job_slice_count job_type labels limit "
    "scm_branch"
    " skip_tags tags timeout variables verbosity"
)
_PROMPTS = "diff_mode extra_data inventory job_tags job_type limit scm_branch skip_tags verbosity"
_LAUNCH = "execution_environment forks job_slice_count timeout"

#: Writable fields, by kind.
FIELDS = {
    "organizations": "name description max_hosts default_environment",
    "instance_groups": "name pod_spec_override is_container_group credential",
    "notification_templates": "name description organization notification_type notification_configuration messages",
    "credential_types": "name description kind inputs injectors managed",
    "credentials": "name description organization credential_type inputs user team",
    "execution_environments": "name description organization image credential pull",
    "projects": "name description organization local_path scm_type scm_url scm_branch scm_refspec scm_clean"
    " scm_track_submodules scm_delete_on_update credential timeout scm_update_on_launch scm_update_cache_timeout"
    " allow_override default_environment signature_validation_credential",
    "inventories": "name description organization kind host_filter variables prevent_instance_group_fallback",
    "inventory_sources": "name description source source_path source_vars scm_branch credential enabled_var "
    "enabled_value"
    " host_filter overwrite overwrite_vars timeout verbosity limit execution_environment inventory update_on_launch"
    " update_cache_timeout source_project",
    "job_templates": "name description organization job_type inventory project playbook scm_branch forks limit "
    "verbosity"
    " extra_vars job_tags force_handlers skip_tags start_at_task timeout use_fact_cache execution_environment"
    " host_config_key survey_enabled become_enabled diff_mode allow_simultaneous job_slice_count webhook_service"
    " webhook_credential prevent_instance_group_fallback "
    + " ".join(f"ask_{name}_on_launch" for name in _ASKED.split()),
    "workflow_job_templates": "name description organization extra_vars survey_enabled allow_simultaneous inventory "
    "limit"
    " scm_branch webhook_service webhook_credential skip_tags job_tags"
    + "".join(
        f" ask_{name}_on_launch"
        for name in ["inventory", "labels", "limit", "scm_branch", "skip_tags", "tags", "variables"]
    ),
    "workflow_job_template_nodes": "workflow_job_template unified_job_template identifier all_parents_must_converge "
    "type"
    f" {_PROMPTS} {_LAUNCH}",
    "workflow_approval_templates": "name description timeout",
    "schedules": f"name description rrule unified_job_template enabled {_PROMPTS} {_LAUNCH}",
}

#: The defaults of an object's fields.
DEFAULTS: dict[str, dict[str, Any]] = {
    "inventories": {"kind": "", "host_filter": None, "variables": ""},
    "projects": {"scm_branch": "", "scm_revision": "", "timeout": 0},
    "job_templates": {"job_slice_count": 1, "forks": 0, "extra_vars": "", "timeout": 0, "allow_simultaneous": False},
    "workflow_job_template_nodes": {"unified_job_template": None},
    "schedules": {"enabled": True, "extra_data": {}},
}

#: Fields that name another object, and its kind.
LINKS = {
    "organization": "organizations",
    "credential_type": "credential_types",
    "credential": "credentials",
    "execution_environment": "execution_environments",
    "project": "projects",
    "source_project": "projects",
    "inventory": "inventories",
    "unified_job_template": "unified_job_templates",
    "workflow_job_template": "workflow_job_templates",
}

_NOTIFIED = {f"notification_templates_{when}": "notification_templates" for when in ("started", "success", "error")}
#: Lists of related objects, by kind.
ASSOCIATIONS = {
    "projects": _NOTIFIED,
    "inventories": {"instance_groups": "instance_groups"},
    "inventory_sources": _NOTIFIED,
    "job_templates": {"credentials": "credentials", "instance_groups": "instance_groups", **_NOTIFIED},
    "schedules": {"credentials": "credentials", "instance_groups": "instance_groups"},
    "workflow_job_templates": {**_NOTIFIED, "notification_templates_approvals": "notification_templates"},
    "workflow_job_template_nodes": {
        "credentials": "credentials",
        **{f"{when}_nodes": "workflow_job_template_nodes" for when in ("success", "failure", "always")},
    },
}

#: The kinds of objects that a job can run.
TEMPLATES = ("job_templates", "workflow_job_templates", "projects", "inventory_sources", "workflow_approval_templates")
