"""A persona file that is right, for tests that make it wrong."""

PERSONA = r'''schema = 1
name = "type-guardian"
title = "Type Guardian"
version = 1
summary = "Python typing and modern idiom."
charter = """
It is meticulous about types.
It knows where they do not pay.
"""

[match]
wakes = "signals"
paths = ["*.py"]
languages = ["python"]
imports = ["typing"]
exclude = ["vendor/**"]
absent = "no Python source"

[[match.added]]
regex = '\bcast\('
means = "casts a value"
languages = ["*"]

[[match.files]]
means = "type stub"
paths = ["*.pyi"]

[match.weak]
languages = ["jupyter"]

[model]
temperature = 0.2

[[rules]]
id = "PY001"
title = "Annotate every signature"
severity = "major"
check = "Annotate every function and method signature."
why = "Without types the checker skips the body, so a wrong argument is found in production."
problem = "A signature without annotations"
remedy = "Annotate parameters and the return value."
bad = """def total(items): ..."""
good = """def total(items: list[int]) -> int: ..."""
applies = { languages = ["python"], exclude = ["tests/**"] }

[[rules.evidence]]
ruff = ["ANN001", "ANN201"]
decides = "both"

[[rules.evidence]]
pattern = "PY001/bare-lambda"
language = "python"
[rules.evidence.rule]
any = [{ pattern = "$X = lambda $$$: $Y" }, { pattern = "cast($$$)" }]

[[rules]]
id = "PY002"
title = "Validate settings"
severity = "minor"
check = "Validate data and settings."
why = "A missing variable is found when the value is first used."
problem = "Settings are read unchecked"
remedy = "Read them through a settings class."

[[rules.evidence]]
fact = ["no-settings-class"]
problem = "No settings class"

[[rules.evidence]]
secret = ["*"]

[[rules.evidence]]
sarif = ["B602"]
tool = "Bandit"
'''


def line_of(text: str, part: str) -> int:
    """Return the line, from 1, on which a part of the text begins."""
    return text.count("\n", 0, text.index(part)) + 1
