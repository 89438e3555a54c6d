"""Facts about Kubernetes manifests and compose files, beyond what the snippets show."""

from __future__ import annotations

import pytest

from tests.unit.facts.fact_example import ask, lines

SECRET = "kind: Secret\nstringData:\n"


@pytest.mark.parametrize(
    "value",
    [
        '""',
        "${TOKEN}",
        "$(TOKEN)",
        "<your token>",
        "ENC[AES256]",
        "changeme",
        "*anchor",
        "vault:kv/x#y",
    ],
)
def test_a_value_that_is_filled_in_elsewhere_is_no_secret(value: str) -> None:
    assert ask("kubernetes-secret-in-clear", "k8s/a.yaml", f"{SECRET}  token: {value}\n").hits == ()


def test_what_stands_beside_the_secret_is_none() -> None:
    text = f"{SECRET}  username: shop\n  db-host: db.internal\n  ca.crt: abcdef\n"

    assert ask("kubernetes-secret-in-clear", "k8s/a.yaml", text).hits == ()


def test_one_secret_is_one_finding_that_counts_its_values() -> None:
    seen = ask("kubernetes-secret-in-clear", "k8s/a.yaml", f"{SECRET}  a: 1x\n  b: 2x\n  c: 3x\n")

    assert [hit.headline for hit in seen.hits] == [
        "The secret `a` and 2 more are committed in the clear"
    ]


def test_only_the_changed_value_of_a_secret_is_told() -> None:
    base = f"{SECRET}  a: 1x\n  b: 2x\n"
    seen = ask("kubernetes-secret-in-clear", "k8s/a.yaml", f"{base}  c: 3x\n", base=base)

    assert lines(seen) == [5]


def test_a_list_of_objects_is_looked_into() -> None:
    text = "kind: List\nitems:\n  - kind: Secret\n    data:\n      key: d2ludGVyLTI0\n"

    assert lines(ask("kubernetes-secret-in-clear", "k8s/a.yaml", text)) == [5]


def test_a_secret_in_a_test_is_none() -> None:
    assert ask("kubernetes-secret-in-clear", "tests/a.yaml", f"{SECRET}  a: 1x\n").inapplicable


def test_a_broken_manifest_is_not_taken_for_a_clean_one() -> None:
    seen = ask("kubernetes-secret-in-clear", "k8s/a.yaml", "kind: Secret\ndata: [\n")

    assert seen.unexamined == (("k8s/a.yaml", "is no valid YAML"),)


def test_a_binding_to_the_administrator_is_told() -> None:
    text = "kind: ClusterRoleBinding\nroleRef:\n  kind: ClusterRole\n  name: cluster-admin\n"

    assert lines(ask("rbac-wildcard", "k8s/a.yaml", text)) == [4]


def test_a_node_agent_may_be_privileged() -> None:
    pod = (
        "spec:\n  template:\n    spec:\n      containers:\n"
        "        - securityContext: {privileged: true}\n"
    )

    assert ask("privileged-container", "k8s/a.yaml", f"kind: DaemonSet\n{pod}").hits == ()
    assert lines(ask("privileged-container", "k8s/a.yaml", f"kind: Deployment\n{pod}")) == [6]


def test_a_compose_service_may_be_privileged_only_in_the_open() -> None:
    text = "services:\n  a:\n    privileged: true\n"

    assert lines(ask("privileged-container", "compose.yaml", text)) == [3]
    assert ask("privileged-container", "compose.dev.yaml", text).hits == ()


def test_dockers_socket_is_told() -> None:
    text = "kind: Pod\nspec:\n  volumes:\n    - hostPath:\n        path: /var/run/docker.sock\n"

    assert lines(ask("privileged-container", "k8s/a.yaml", text)) == [5]


@pytest.mark.parametrize(
    "volume",
    [
        "- /var/run/docker.sock:/var/run/docker.sock:ro",
        "- source: /var/run/docker.sock\n        target: /a",
    ],
)
def test_dockers_socket_in_a_compose_file_is_told(volume: str) -> None:
    seen = ask(
        "privileged-container", "compose.yaml", f"services:\n  a:\n    volumes:\n      {volume}\n"
    )

    assert lines(seen) == [4]
    assert seen.hits[0].headline == "A container holds Docker's socket"


def test_a_template_of_a_chart_is_judged_by_what_is_written_in_it() -> None:
    text = (
        "kind: Deployment\nmetadata:\n  name: {{ .Release.Name }}-api\nspec:\n  strategy:\n"
        "    type: Recreate\n  template:\n    spec:\n      containers:\n        - name: a\n"
        "          ports: [{name: http, containerPort: 80}]\n"
        "          {{- toYaml .Values.probes | nindent 10 }}\n"
    )

    assert lines(ask("deployment-recreates", "charts/a/templates/a.yaml", text)) == [6]
    missing = ask("deployment-without-readiness-probe", "charts/a/templates/a.yaml", text)
    assert (missing.hits, missing.unexamined) == ((), ())


@pytest.mark.parametrize(
    "image", ["redis:7", "redis@sha256:ab", "${IMAGE}", "shop/api:${TAG:-latest}"]
)
def test_an_image_with_a_version_or_a_variable_is_fine(image: str) -> None:
    text = f"services:\n  a:\n    image: {image}\n"

    assert ask("compose-image-unpinned", "docker-compose.yml", text).hits == ()


def test_metrics_alone_need_no_readiness_probe() -> None:
    text = (
        "kind: Deployment\nspec:\n  template:\n    spec:\n      containers:\n"
        "        - name: a\n          ports: [{name: metrics, containerPort: 9090}]\n"
    )

    assert ask("deployment-without-readiness-probe", "k8s/a.yaml", text).hits == ()
    assert lines(
        ask("deployment-without-readiness-probe", "k8s/a.yaml", text.replace("metrics", "http"))
    ) == [7]


@pytest.mark.parametrize("line", ["@daily python train.py", "0 3 * * 1 /opt/etl/run"])
def test_a_crontab_that_starts_a_pipeline_is_told(line: str) -> None:
    assert lines(ask("pipeline-started-by-cron", "ops/crontab", f"{line}\n")) == [1]
