"""Small changes of manifests, services and crontabs at the limits of what facts say about them."""

# ruff: noqa: E501 - a line of a file is a line here

from __future__ import annotations

from collections.abc import Iterator

from reviewer.domain.change import Change
from tests.unit.facts.fact_corpus import bare, edited, kubernetes, new


def manifests() -> Iterator[tuple[str, Change]]:
    """Yield each change with what it is about."""
    for section, values in (
        *(("data", "  password: c2VjcmV0MTIz"), ("stringData", "  password: hunter2000")),
        *(("data", "  password: Y2hhbmdlbWU="), ("stringData", "  password: change-me")),
        *(("data", "  username: YWRtaW4="), ("stringData", "  password: ${PASSWORD}")),
        *(
            ("stringData", "  a-key: abc123xyz\n  b-key: abc123xyz"),
            ("stringData", "  password: ''"),
        ),
        ("stringData", "  password: |\n    first\n    second"),
    ):
        yield f"a secret, {values!r}", kubernetes("Secret", f"{section}:\n{values}\n")
    sealed = "stringData:\n  password: hunter2000\nsops:\n  version: 3\n"
    yield "a secret that is sealed", kubernetes("Secret", sealed)
    yield (
        "a secret that stood there",
        edited("s.yaml", f"kind: Secret\n{sealed[:36]}", f"kind: Secret\n{sealed[:36]}a: b\n"),
    )
    for kind in ("Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding", "Service"):
        rules = (
            "rules:\n  - verbs: ['get', '*']\n    resources: ['*']\n  - resources:\n      - '*'\n"
        )
        yield (
            f"{kind} over everything",
            kubernetes(kind, f"{rules}roleRef:\n  name: cluster-admin\n"),
        )
        yield (
            f"{kind} over little",
            kubernetes(kind, "rules:\n  - verbs: [get]\nroleRef:\n  name: a\n"),
        )
    pod = (
        "spec:\n  schedule: '* * * * *'\n  strategy:\n    type: Recreate\n  template:\n    spec:\n"
        "      containers:\n        - name: retrain\n          image: web:latest\n"
        "          securityContext:\n            privileged: true\n"
        "          ports:\n            - containerPort: 80\n"
        "      volumes:\n        - hostPath:\n            path: /var/run/docker.sock\n"
    )
    for kind in (
        *("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "CronJob", "Pod", "List"),
    ):
        yield f"{kind} with everything wrong", kubernetes(kind, pod)
    fine = (
        pod.replace("true", "false").replace("Recreate", "RollingUpdate").replace(":latest", ":1")
    )
    yield (
        "a Deployment with little wrong",
        kubernetes("Deployment", fine.replace("docker.sock", "x")),
    )
    probed = fine.replace("          ports", "          readinessProbe: {}\n          ports")
    yield "a Deployment with a probe", kubernetes("Deployment", probed)
    inner = fine.replace("- containerPort: 80", "- name: metrics")
    yield "a Deployment that only measures", kubernetes("Deployment", inner)
    yield "a Deployment in a template", kubernetes("Deployment", f"{pod}{{{{ more }}}}\n")
    yield (
        "a Deployment that is edited",
        edited("d.yaml", f"kind: Deployment\n{fine}", f"kind: Deployment\n{pod}"),
    )
    yield (
        "a list of objects",
        new(
            "l.yaml",
            "kind: SecretList\nitems:\n  - kind: Secret\n    stringData:\n      key-a: abc123xyz\n",
        ),
    )
    yield "broken YAML", new("b.yaml", "kind: Secret\n a: b\nkind: [\n")
    yield "broken YAML without a secret", new("b.yaml", "kind: Thing\n a: b\nkind: [\n")
    yield "a bare secret", bare("k8s/s.yaml", "kind: Secret\n")
    yield "a bare list", bare("k8s/s.yaml", "name: Secret\n")
    for path in (
        "compose.yaml",
        "docker-compose.prod.yml",
        "compose.dev.yaml",
        "tests/compose.yaml",
    ):
        yield (
            f"services at {path}",
            new(
                path,
                "services:\n  a:\n    image: nginx\n    user: root\n    privileged: true\n    volumes:\n"
                "      - /var/run/docker.sock:/x\n      - type: bind\n        source: /run/docker.sock\n"
                "  b:\n    image: nginx:latest\n    build: .\n    user: '0:0'\n    privileged: false\n"
                "  c:\n    image: ${IMAGE}\n    user: '1000'\n  d:\n    image: nginx:1.27\n"
                "  e:\n    image: [x]\n    user: [root]\n",
            ),
        )
    yield "no services", new("compose.yaml", "volumes: {}\n")
    yield "broken services", new("compose.yaml", "services: [\n")
    for line in (
        *("0 3 * * * /opt/train.sh", "@daily etl run", "0 3 * * * /opt/backup.sh", "# train"),
        "*/5 1-3 * * 1,2 python ingest.py",
    ):
        yield f"cron {line}", new("ops/crontab", f"{line}\n")
    yield "another crontab", new("etc/cron.d/jobs", "@weekly retrain\n")
