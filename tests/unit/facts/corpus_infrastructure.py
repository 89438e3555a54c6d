"""Small changes of policies and of Terraform at the limits of what facts say about them."""

# ruff: noqa: E501 - a line of a file is a line here

from __future__ import annotations

from collections.abc import Iterator

from reviewer.domain.change import Change
from tests.unit.facts.fact_corpus import bare, new

_ALLOW = 'data "aws_iam_policy_document" "a" {\n  statement {\n    effect = "Allow"\n'


def infrastructure() -> Iterator[tuple[str, Change]]:
    """Yield each change with what it is about."""
    for lines in (
        *('    actions = ["*"]', '    actions = ["*:*"]', '    actions = [\n      "*",\n    ]'),
        '    actions = ["ec2:*"]\n    resources = ["*"]',
        '    actions = [\n      "a:b",\n\n      "s3:*",\n    ]\n    resources = ["*"]',
        '    names = [\n      "s3:*",\n    ]\n    resources = ["*"]',
        '    actions = ["ec2:*"]\n  }\n  statement {\n    resources = ["*"]',
        '    actions = ["ec2:*"]\n' + "    # x\n" * 11 + '    resources = ["*"]',
        '    actions = ["ec2:*"]\n' + "    # x\n" * 12 + '    resources = ["*"]',
    ):
        yield f"policy {lines[:40]!r}", new("infra/a.tf", f"{_ALLOW}{lines}\n  }}\n}}\n")
    for line in (
        *('role = "roles/owner"', 'role = "roles/editor"', 'role = "roles/viewer"'),
        *('role_definition_name = "Owner"', 'role_definition_name = "User Access Administrator"'),
        *(
            'policy_arn = "arn:aws:iam::aws:policy/AdministratorAccess"',
            'acl = "public-read-write"',
        ),
        *(
            "publicly_accessible = true",
            "block_public_acls = false",
            "restrict_public_buckets = false",
        ),
        *('member = "allUsers"', 'member = "allAuthenticatedUsers"', "publicly_accessible = false"),
    ):
        yield (
            line,
            new("infra/a.tf", f'resource "google_project_iam_member" "a" {{\n  {line}\n}}\n'),
        )
    for effect in ("Allow", "Deny"):
        yield (
            f"JSON with {effect}",
            new("policy.json", f'{{"Statement": [{{"Effect": "{effect}", "Action": "*"}}]}}\n'),
        )
        yield (
            f"YAML with {effect}",
            new(
                "stack.yaml",
                f"Statement:\n  - Effect: {effect}\n    Action: '*'\n  - Effect: Allow\n    Action: a:b\n",
            ),
        )
    yield "no policy", new("a.yaml", "actions: '*'\n")
    yield "a policy for tests", new("tests/a.tf", f'{_ALLOW}    actions = ["*"]\n  }}\n}}\n')
    yield "a bare policy", bare("a.tf", 'x\n  actions = ["*"]\n')
    yield "a bare file without one", bare("a.tf", "x\ny\n")
    for ports in (
        *("from_port = 22\n  to_port = 22", "from_port = 20\n  to_port = 25", "from_port = 443"),
        *("from_port = 0\n  to_port = 0", "from_port = -1\n  to_port = -1", "from_port = 3306"),
        *("from_port = 0\n  to_port = 65535", "to_port = 22", "from_port = 1\n  to_port = 65535"),
        *("from_port = 8080\n  to_port = 8080", "protocol = 6"),
    ):
        for world in ('"0.0.0.0/0"', '"::/0"', '"10.0.0.0/8"'):
            yield (
                f"{ports!r} to {world}",
                new(
                    "a.tf",
                    f'resource "x" "y" {{\n  ingress {{\n  {ports}\n  cidr = [{world}]\n  }}\n}}\n',
                ),
            )
    for head in ('resource "aws_vpc_security_group_ingress_rule" "a" {', 'dynamic "ingress" {'):
        yield (
            head,
            new("a.tf", f'{head}\n  from_port = 22\n  cidr = "0.0.0.0/0"\n}}\n\n  acl = "x"\n'),
        )
    yield (
        "two blocks beside one another",
        new(
            "a.tf",
            'ingress {\n  from_port = 22\n}\ningress {\n  from_port = 23\n  c = "0.0.0.0/0"\n}\n',
        ),
    )
    yield (
        "a rule far below its head",
        new(
            "a.tf",
            'resource "r" "a" {\n'
            + "  # x\n" * 28
            + '  type = "ingress"\n  from_port = 22\n  c = "*"\n}\n',
        ),
    )
