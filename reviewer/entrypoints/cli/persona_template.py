"""The text of a persona that somebody begins; it is right as it stands."""

TEMPLATE = """\
# A persona of this repository. What may stand here: reviewer schema persona
# What is wrong, with the line: reviewer personas check
# It reviews pull requests once it is on the base branch.
schema = 1
name = "{name}"
title = "{title}"
version = 1                 # raise it when a rule changes its meaning
summary = "What {title} looks at, in one sentence."
charter = \"\"\"
Who {title} is, what it cares about, and how it judges. Three to eight sentences.
\"\"\"

[match]                     # any of these wakes it
paths = ["src/**/*.py"]     # globs, from the root of the repository
imports = []                # modules: ["stripe"]
words = []                  # literal words in added lines: ["payment_intent"]
exclude = ["tests/**"]

[[rules]]
id = "{prefix}001"
title = "Say what the change must do"
severity = "minor"          # critical, major, minor or note
check = "What exactly is asked of the change, in one sentence."
why = "How breaking it does harm, from the input to the effect."
problem = "What is wrong, in the reader's words"
remedy = "The way out, in one sentence."
bad = '''
total = price * 1.2
'''
good = '''
total = price * VAT_FACTOR
'''

# Evidence decides the rule without a model; without any, it needs a model's judgement.
# [[rules.evidence]]
# pattern = "{prefix}001/magic-factor"
# language = "python"
# decides = "fail"
# [rules.evidence.rule]
# pattern = "$X * 1.2"
"""
