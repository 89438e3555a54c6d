"""Truisms, praise and retold code are no findings; plain faults are none of these."""

from __future__ import annotations

import time

import pytest

from reviewer.prompting.existence import absence
from reviewer.prompting.trigger import has_trigger
from reviewer.prompting.truism import is_advice, truism
from reviewer.testing.builders import build_rule

RULE = build_rule("SEC007", "Pass commands as lists")

ADVICE = "advice without a fault"
PRAISE = "praise"
RETOLD = "it tells the code again"

TRUISMS = [
    ("Consider adding error handling", "The call may fail when the network is down.", ADVICE),
    ("Ensure the input is validated", "The value comes from the request.", ADVICE),
    ("Make sure the file is closed", "It stays open when read() raises.", ADVICE),
    ("Verify that the token is checked", "The token is taken from the header.", ADVICE),
    ("Check that the index is in range", "The list could be empty.", ADVICE),
    ("Double-check the arithmetic", "It might be off by one.", ADVICE),
    ("SEC007: Please ensure proper quoting", "The name is a part of the command.", ADVICE),
    ("You may want to add a timeout", "The request could take long.", ADVICE),
    ("You should consider a set here", "The lookup is linear.", ADVICE),
    ("It would be better to use a constant", "The number stands in the code.", ADVICE),
    ("It\u2019s recommended to log errors", "The error is passed on.", ADVICE),
    ("Potential issue with the loop", "The loop may be slow.", ADVICE),
    ("Remember to update the docs", "The option is new.", ADVICE),
    ("Be careful with threads", "The list is shared.", ADVICE),
    ("Nit: naming", "The name is short.", ADVICE),
    ("Error handling", "Consider handling the error. Make sure it is logged.", ADVICE),
    ("Exception handling", "This could lead to unexpected behavior.", ADVICE),
    ("Magic number", "A constant would improve readability and maintainability.", ADVICE),
    ("Long function", "Splitting it is a best practice.", ADVICE),
    ("Input handling", "This might cause various issues. It can introduce potential bugs.", ADVICE),
    ("Good use of a context manager", "The file is closed in every case.", PRAISE),
    ("LGTM", "The change is small and does one thing.", PRAISE),
    ("No issues found", "Nothing stands out in this file.", PRAISE),
    ("The function is correctly typed", "Every parameter has its type.", PRAISE),
    ("Typing", "The code follows the guideline. All functions are properly annotated.", PRAISE),
    ("Looks good to me", "It handles the empty list.", PRAISE),
    ("Subprocess", "This line imports subprocess.", RETOLD),
    ("New function", "The new function `run` returns the output.", RETOLD),
    ("Changed default", "This change updates the default value of the option.", RETOLD),
    ("Constant", "The code defines a constant. It uses it in the function.", RETOLD),
    ("Nothing said", "", "it does not say what happens"),
    ("Nothing said", "  \n ", "it does not say what happens"),
    ("Commands", "Commands pass lists. Production goes wrong.", "it repeats the rule"),
]

FAULTS = [
    ("User input reaches a shell", "`q` comes from the query string: `?q=;id` runs `id`."),
    ("The file stays open on errors", "When `read()` raises, nothing closes the handle."),
    (
        "Password in the log",
        "This logs `request.form`, which holds the password in plain text.",
    ),
    ("Off by one", "With 10 items and pages of 4 this returns 2, so two items are never shown."),
    ("The lock is gone", "Two callers both see no key and both insert."),
    ("Checks the wrong user", "The condition compares `owner.id` with itself, so it always holds."),
    ("Every request opens a pool", "This function creates a pool per call and never closes it."),
    (
        "Sets a default that all calls share",
        "The list is made once; what a call adds stays.",
    ),
    ("Verification is switched off", "`verify=False` accepts any certificate, an attacker's too."),
    ("Ensured order is lost", "The set has no order, so the first match differs from run to run."),
    ("Well-known port is open", "Binding to 0.0.0.0 lets anyone on the network connect."),
    ("Timeout missing", "Without one, a stalled server blocks the worker until it is killed."),
    (
        "Einrückung falsch",
        "Bei leerer Liste kommt `None` zurück, und der Aufrufer stürzt ab.",
    ),
]


@pytest.mark.holds("P01")
@pytest.mark.parametrize(("headline", "explanation", "reason"), TRUISMS)
def test_a_truism_is_told_as_one(headline: str, explanation: str, reason: str) -> None:
    assert truism(headline, explanation, RULE) == reason


@pytest.mark.holds("P01")
@pytest.mark.parametrize(("headline", "explanation"), FAULTS)
def test_a_fault_is_no_truism(headline: str, explanation: str) -> None:
    assert truism(headline, explanation, RULE) is None


@pytest.mark.holds("S19")
@pytest.mark.parametrize(
    "piece",
    [
        "a ",
        "no ",
        "not ",
        "version ",
        "missing a ",
        "this the ",
        "may lead to ",
        "`x` ",
        "`",
        "x.",
        "if ",
    ],
)
def test_a_long_text_of_any_words_is_judged_at_once(piece: str) -> None:
    text = piece * (4_000 // len(piece))
    began = time.perf_counter()
    truism(text, text, RULE)
    absence(text)
    has_trigger(text, text)

    assert time.perf_counter() - began < 0.5


def test_advice_is_known_by_its_first_word() -> None:
    assert is_advice("Consider a list.")
    assert is_advice("Make sure that it is closed.")
    assert not is_advice("Pass a list and no shell.")


@pytest.mark.parametrize(
    ("headline", "explanation"),
    [
        ("Two items are lost", "10 items, 4 a page → 2 pages instead of 3."),
        ("Crash on an empty list", "When `items` is empty, `items[0]` raises IndexError."),
        ("A name runs as a command", "A name of `;id` runs `id` on the server."),
        ("Lost update", "Two requests read 5 and both write 6: one increment is lost."),
        ("A query per row", "The loop calls `load` for each order: 1,000 queries per call."),
        (
            "A default is shared",
            "`items=[]` is created once; the second call sees the first's.",
        ),
        ("Leere Liste", "leere Liste → IndexError"),
    ],
)
def test_a_trigger_with_its_result_is_seen(headline: str, explanation: str) -> None:
    assert has_trigger(headline, explanation)


@pytest.mark.parametrize(
    ("headline", "explanation"),
    [
        ("Weak design", "The class has many responsibilities."),
        ("Complex condition", "This expression is hard to follow."),
        ("Unclear", "The purpose of the variable should be documented."),
        ("Naming", "The function name differs by style."),
    ],
)
def test_a_claim_without_a_trigger_is_seen(headline: str, explanation: str) -> None:
    assert not has_trigger(headline, explanation)
