"""The manifests for Kubernetes: what a pod may do, whom it may reach, when it is well."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from reviewer import __version__
from reviewer.entrypoints.cli.program import program
from reviewer.server_settings import PREFIX
from tests.unit.packaging_example import (
    COMPOSE,
    IMAGE,
    KUBERNETES,
    SETTINGS,
    Document,
    default_seconds,
    read_documents,
    unknown_variables,
)


def _objects() -> list[Document]:
    return [each for path in sorted(KUBERNETES.glob("*.yaml")) for each in read_documents(path)]


def _templates() -> Iterator[tuple[str, Document]]:
    for each in _objects():
        template = each.get("spec", {}).get("template") if each["kind"] != "Kustomization" else None
        if template is not None:
            yield each["metadata"]["name"], template


def _settings_of_the_cluster() -> dict[str, str]:
    lines = (KUBERNETES / "settings.env").read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


PODS = [pytest.param(template["spec"], id=name) for name, template in _templates()]


def test_every_manifest_is_in_the_kustomization() -> None:
    [kustomization] = read_documents(KUBERNETES / "kustomization.yaml")
    files = {path.name for path in KUBERNETES.glob("*.yaml")} - {"kustomization.yaml"}
    assert set(kustomization["resources"]) == files
    assert {name for name, _ in _templates()} == {
        "persona-reviewer-migration",
        "persona-reviewer-web",
        "persona-reviewer-worker",
    }


@pytest.mark.holds("S18")
@pytest.mark.parametrize("pod", PODS)
def test_a_pod_is_restricted(pod: Document) -> None:
    # https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted
    assert pod["securityContext"]["runAsNonRoot"] == "true"
    assert pod["securityContext"]["runAsUser"] == "10001"
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["automountServiceAccountToken"] == "false"
    assert {"hostNetwork", "hostPID", "hostIPC"}.isdisjoint(pod)
    for container in pod["containers"]:
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": "false",
            "readOnlyRootFilesystem": "true",
            "capabilities": {"drop": ["ALL"]},
        }
        for bound in ("requests", "limits"):
            assert {"cpu", "memory"} <= set(container["resources"][bound])
    for volume in pod["volumes"]:
        assert "secret" in volume or "sizeLimit" in volume["emptyDir"]
    mounts = {mount["name"] for each in pod["containers"] for mount in each["volumeMounts"]}
    assert mounts == {volume["name"] for volume in pod["volumes"]}


def test_what_listens_is_probed_and_a_restart_does_not_hang_on_the_database() -> None:
    for name, template in _templates():
        [container] = template["spec"]["containers"]
        if "ports" not in container:
            assert name == "persona-reviewer-migration"
            continue
        asked = {
            probe: container[probe]["httpGet"]["path"]
            for probe in ("startupProbe", "readinessProbe", "livenessProbe")
        }
        assert asked == {
            "startupProbe": "/live",
            "readinessProbe": "/ready",
            "livenessProbe": "/live",
        }


def test_a_pod_has_time_to_hand_over() -> None:
    shutdown = default_seconds("shutdown_seconds")
    drain = float(_settings_of_the_cluster()[f"{PREFIX}DRAIN_SECONDS"])
    for _, template in _templates():
        grace = template["spec"].get("terminationGracePeriodSeconds")
        assert grace is None or float(grace) >= drain + shutdown + 25


@pytest.mark.holds("S17")
def test_the_cluster_is_told_what_the_program_knows_and_no_secret() -> None:
    variables = _settings_of_the_cluster()
    assert unknown_variables(variables) == set()
    # A secret has a twin that names its file; only the twin may stand here.
    secrets = {name for name in SETTINGS if f"{name}_file" in SETTINGS}
    assert secrets.isdisjoint(name.removeprefix(PREFIX).lower() for name in variables)
    assert "Secret" not in {each["kind"] for each in _objects()}


def test_selectors_find_their_pods() -> None:
    labels = {
        each["metadata"]["labels"]["app.kubernetes.io/component"]: {
            "app.kubernetes.io/name": "persona-reviewer",
            **each["spec"]["template"]["metadata"]["labels"],
        }
        for each in _objects()
        if each["kind"] in {"Deployment", "Job"}
    }
    for each in _objects():
        if each["kind"] in {"Deployment", "Service", "PodDisruptionBudget"}:
            selector = each["spec"]["selector"]
            wanted = selector.get("matchLabels", selector)
            component = each["metadata"]["labels"]["app.kubernetes.io/component"]
            assert wanted.items() <= labels[component].items()


@pytest.mark.holds("S14")
def test_nothing_gets_in_or_out_that_no_policy_names() -> None:
    policies = {
        each["metadata"]["name"].removeprefix("persona-reviewer-"): each["spec"]
        for each in _objects()
        if each["kind"] == "NetworkPolicy"
    }
    assert policies["nothing"] == {"podSelector": "", "policyTypes": ["Ingress", "Egress"]} or (
        policies["nothing"]["podSelector"] == {}
        and {"ingress", "egress"}.isdisjoint(policies["nothing"])
    )
    ports = {
        name: sorted(rule["port"] for each in spec.get("egress", []) for rule in each["ports"])
        for name, spec in policies.items()
        if "egress" in spec
    }
    assert ports == {"names": ["53", "53"], "database": ["5432"], "github-and-models": ["443"]}
    outside = policies["github-and-models"]["egress"][0]["to"][0]["ipBlock"]
    assert {"10.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"} <= set(
        outside["except"]
    )


@pytest.mark.holds("S18")
def test_everything_runs_the_version_that_it_came_with() -> None:
    [compose] = read_documents(COMPOSE)
    [kustomization] = read_documents(KUBERNETES / "kustomization.yaml")
    assert kustomization["images"] == [{"name": IMAGE, "newTag": __version__}]
    images = [compose["services"]["reviewer"]["image"]]
    images += [
        each["image"] for _, template in _templates() for each in template["spec"]["containers"]
    ]
    assert set(images) == {f"{IMAGE}:{__version__}"}


def test_what_is_started_is_a_command_with_those_options() -> None:
    started = [["serve"]]
    started += [
        container["args"]
        for _, template in _templates()
        for container in template["spec"]["containers"]
    ]
    for name, *arguments in started:
        command = program.commands.get(name)
        if command is None:
            pytest.skip(f"there is no `reviewer {name}` yet")
        known = {option for parameter in command.params for option in parameter.opts}
        assert {word for word in arguments if word.startswith("-")} <= known
