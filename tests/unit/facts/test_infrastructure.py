"""Facts about infrastructure as code, beyond what the snippets show."""

from __future__ import annotations

import pytest

from tests.unit.facts.fact_example import ask, lines

STATEMENT = 'statement {{\n  effect = "{}"\n  actions = [\n    "*",\n  ]\n}}\n'


def test_a_list_over_several_lines_is_read() -> None:
    assert lines(ask("iam-wildcard", "a.tf", STATEMENT.format("Allow"))) == [4]


def test_what_denies_everything_is_fine() -> None:
    assert ask("iam-wildcard", "a.tf", STATEMENT.format("Deny")).hits == ()


def test_the_effect_of_another_statement_does_not_count() -> None:
    text = 'statement {\n  effect = "Deny"\n}\nstatement {\n  actions = ["*"]\n}\n'

    assert lines(ask("iam-wildcard", "a.tf", text)) == [5]


@pytest.mark.parametrize(
    "line",
    [
        'role = "roles/owner"',
        'role_definition_name = "Contributor"',
        'policy_arn = "arn:aws:iam::aws:policy/AdministratorAccess"',
    ],
)
def test_a_role_that_owns_everything_is_told(line: str) -> None:
    text = f'resource "google_project_iam_member" "a" {{\n  {line}\n}}\n'

    assert lines(ask("iam-wildcard", "a.tf", text)) == [2]


@pytest.mark.parametrize("action", ["s3:*", "s3:GetObject", "*:Get"])
def test_a_wildcard_inside_one_service_is_fine(action: str) -> None:
    assert ask("iam-wildcard", "a.tf", f'statement {{\n  actions = ["{action}"]\n}}\n').hits == ()


@pytest.mark.parametrize(
    ("path", "text", "line"),
    [
        ("a.tf", 'statement {\n  actions   = ["s3:*"]\n  resources = ["*"]\n}\n', 2),
        ("a.tf", 'statement {\n  actions = [\n    "s3:*",\n  ]\n  resources = ["*"]\n}\n', 3),
        ("a.json", '{"Effect": "Allow",\n"Action": "s3:*",\n"Resource": "*"}\n', 2),
        ("a.yaml", "- Effect: Allow\n  Action:\n    - s3:*\n  Resource: '*'\n", 3),
    ],
)
def test_a_whole_service_on_every_resource_is_told(path: str, text: str, line: int) -> None:
    seen = ask("iam-wildcard", path, text)

    assert lines(seen) == [line]
    assert seen.hits[0].headline == "This policy allows every `s3` action on every resource"


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.tf", 'statement {\n  actions = ["s3:*"]\n  resources = [aws_s3_bucket.a.arn]\n}\n'),
        ("a.tf", 'statement {\n  actions = ["s3:Get*"]\n  resources = ["*"]\n}\n'),
        (
            "a.tf",
            'statement {\n  effect = "Deny"\n  actions = ["s3:*"]\n  resources = ["*"]\n}\n',
        ),
        (
            "a.yaml",
            (
                "- Effect: Allow\n  Action: s3:*\n  Resource: arn:a\n"
                "- Effect: Allow\n  Action: ec2:Describe\n  Resource: '*'\n"
            ),
        ),
    ],
)
def test_a_service_on_named_resources_and_parts_of_it_are_fine(path: str, text: str) -> None:
    assert ask("iam-wildcard", path, text).hits == ()


def test_yaml_with_a_key_of_that_name_is_no_policy() -> None:
    assert ask("iam-wildcard", "a.yaml", 'buttons:\n  actions: "*"\n').inapplicable


def test_a_template_of_a_stack_is_a_policy() -> None:
    text = 'Statement:\n  - Effect: Allow\n    Action: "*"\n'

    assert lines(ask("iam-wildcard", "stack.yaml", text)) == [3]


def ingress(low: int, high: int, network: str = "0.0.0.0/0") -> str:
    return (
        f'ingress {{\n  from_port = {low}\n  to_port = {high}\n  cidr_blocks = ["{network}"]\n}}\n'
    )


@pytest.mark.parametrize(
    ("text", "headline"),
    [
        (ingress(22, 22), "Port 22 is open to the whole internet"),
        (ingress(5432, 5432), "Port 5432 is open to the whole internet"),
        (ingress(0, 65535), "Every port is open to the whole internet"),
    ],
)
def test_an_open_port_is_named(text: str, headline: str) -> None:
    seen = ask("open-to-the-world", "a.tf", text)

    assert [(hit.start_line, hit.headline) for hit in seen.hits] == [(4, headline)]


@pytest.mark.parametrize(
    "text", [ingress(443, 443), ingress(80, 80), ingress(22, 22, "10.0.0.0/8")]
)
def test_a_web_server_and_an_inner_network_are_fine(text: str) -> None:
    assert ask("open-to-the-world", "a.tf", text).hits == ()


def test_a_rule_of_its_own_and_a_public_bucket_are_told() -> None:
    rule = (
        'resource "aws_security_group_rule" "a" {\n  type = "ingress"\n  from_port = 22\n'
        '  to_port = 22\n  cidr_blocks = ["0.0.0.0/0"]\n}\n'
    )

    assert lines(ask("open-to-the-world", "a.tf", rule)) == [5]
    assert lines(ask("open-to-the-world", "a.tf", '  acl = "public-read"\n')) == [1]


def test_a_block_that_never_ends_is_read_to_the_end() -> None:
    assert ask("open-to-the-world", "a.tf", "ingress {\n" * 3).hits == ()
