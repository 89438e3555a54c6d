"""Facts about a change, by the names that persona files use: one pure function each."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from reviewer.domain.facts import (
    data_file,
    decision,
    dockerfile,
    hidden_text,
    infrastructure,
    manifest,
    password,
    source,
    workflow,
)
from reviewer.domain.facts.observation import Fact, Observation, Sighting

__all__ = ["FACTS", "Fact", "Observation", "Sighting"]

_FUNCTIONS: tuple[Fact, ...] = (
    data_file.data_file_committed,
    decision.decision_not_recorded,
    dockerfile.build_tools_in_final_stage,
    dockerfile.dockerignore_missing,
    dockerfile.final_base_not_small,
    dockerfile.final_stage_runs_as_root,
    dockerfile.named_user_under_kubernetes,
    dockerfile.package_manager_without_cache_mount,
    dockerfile.python_image_buffers_output,
    dockerfile.secret_file_copied_into_image,
    dockerfile.secret_set_in_image,
    hidden_text.hidden_text,
    hidden_text.reviewer_directed_text,
    infrastructure.iam_wildcard,
    infrastructure.open_to_the_world,
    manifest.compose_image_unpinned,
    manifest.compose_service_as_root,
    manifest.deployment_recreates,
    manifest.deployment_without_readiness_probe,
    manifest.kubernetes_secret_in_clear,
    manifest.manifest_image_unpinned,
    manifest.pipeline_started_by_cron,
    manifest.privileged_container,
    manifest.rbac_wildcard,
    password.password_in_configuration,
    source.app_without_health_routes,
    source.source_without_test,
    workflow.image_pushed_unscanned,
    workflow.workflow_uses_branch,
    workflow.workflow_write_all,
)


def _name(fact: Fact) -> str:
    """Return the name in persona files: the function's, with hyphens."""
    return str(getattr(fact, "__name__", "")).replace("_", "-")


#: Every fact by its name; a persona file that names another one is refused.
FACTS: Mapping[str, Fact] = MappingProxyType({_name(fact): fact for fact in _FUNCTIONS})
