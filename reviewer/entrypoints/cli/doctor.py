"""``reviewer doctor``: what is installed, what is configured, and whether the model answers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from reviewer.entrypoints.cli.model_options import model_request_of, which_model_options
from reviewer.entrypoints.cli.output import write_standard_output
from reviewer.entrypoints.cli.session import ExitCode, debug_option, session_of

if TYPE_CHECKING:
    from reviewer.bootstrap.doctor import Diagnosis, Place
    from reviewer.domain.installed_program import InstalledProgram
    from reviewer.service.diagnose_model import ModelDiagnosis

_EXAMPLES = """\b
Examples:
  reviewer doctor
  reviewer doctor --model anthropic:claude-sonnet-5-5
  reviewer doctor --model compatible:http://127.0.0.1:8080/v1#qwen
  reviewer doctor --no-model

\b
Exit codes: 0 all is well, 2 something must be mended,
            3 the model did not answer."""

_WIDTH = 10


@click.command(epilog=_EXAMPLES, short_help="Say what works here, and try the model.")
@which_model_options
@debug_option
@click.pass_context
def doctor(context: click.Context, /, **options: Any) -> None:  # noqa: ANN401 - as the decorators say
    """Say what is installed and configured, and ask the model a tiny question, twice.

    The second call shows whether the provider keeps what it was sent. Both are in the ledger
    (reviewer cost) and under the ceilings of config.toml. Nothing of a repository is sent.
    """
    from reviewer.bootstrap.doctor import diagnose
    from reviewer.domain.sanitiser import terminal

    diagnosis = diagnose(model_request_of(options), session_of(context).settings)
    write_standard_output(terminal("\n".join(_lines(diagnosis))) + "\n")
    context.exit(_exit_code(diagnosis))


def _exit_code(diagnosis: Diagnosis) -> int:
    faults = [program.fault for program in diagnosis.programs]
    faults += [diagnosis.state_folder.fault, diagnosis.operator_file.fault, diagnosis.model_fault]
    if any(faults):
        return ExitCode.USAGE
    if diagnosis.model is not None and diagnosis.model.failure is not None:
        return ExitCode.COULD_NOT_REVIEW
    return ExitCode.CLEAN


def _lines(diagnosis: Diagnosis) -> Iterator[str]:
    yield _line("python", diagnosis.python)
    for program in diagnosis.programs:
        yield from _program(program)
    yield from _place("state", diagnosis.state_folder)
    yield from _place("operator", diagnosis.operator_file)
    yield _line("keys", ", ".join(diagnosis.keys) or "none is set")
    if diagnosis.model_fault:
        yield from _fault("model", diagnosis.model_fault)
    elif diagnosis.model is None:
        yield _line("model", "none is asked (--model NAME or REVIEWER_MODEL names one)")
    else:
        yield from _model(diagnosis.model)


def _program(program: InstalledProgram) -> Iterator[str]:
    if program.fault:
        yield from _fault(program.name, program.fault)
    else:
        yield _line(program.name, f"{program.version}  {program.path}")


def _place(name: str, place: Place) -> Iterator[str]:
    if place.fault:
        yield from _fault(name, place.fault)
    else:
        yield _line(name, f"{place.path}: {place.state}")


def _model(model: ModelDiagnosis) -> Iterator[str]:
    yield _line("model", str(model.model))
    if model.failure is not None:
        status = "" if model.failure.status is None else f" ({model.failure.status})"
        kind = model.failure.kind.value.replace("_", " ")
        yield from _fault("", f"no answer: {kind}{status}: {model.failure.message}")
        yield _line("", f"  {model.way_out}")
        return
    name = model.answered or "a model that does not say its name"
    yield _line("", f"{name} answered in {model.latency_seconds:.1f} s")
    yield _line("", f"JSON schema honoured: {_said(model.schema.value, model.schema_note)}")
    yield _line("", f"cache seen: {_said(model.cache.value, model.cache_note)}")
    if model.usage is None:
        yield _line("", "usage reported: no; calls are charged at the most they can use")
    else:
        usage = model.usage
        cost = "" if model.cost is None else f", ${model.cost:.4f}"
        yield _line(
            "", f"usage reported: yes; both calls {usage.input:,} in, {usage.output:,} out{cost}"
        )
    yield _line("", f"price known: {'yes' if model.priced else 'no; token ceilings hold instead'}")
    holds = "unknown" if model.context_tokens is None else f"{model.context_tokens:,} tokens"
    hint = (
        " ([model] context_tokens in config.toml says it)" if model.context_tokens is None else ""
    )
    yield _line("", f"context: {holds}{hint}; answers up to {model.output_tokens:,} tokens")
    if not model.profiled:
        yield _line("", "its name is not known here, so that nothing optional is sent to it")


def _said(word: str, note: str) -> str:
    return f"{word}; {note}" if note else word


def _line(name: str, text: str) -> str:
    from reviewer.domain.sanitiser import one_line

    return f"{name:{_WIDTH}}{'  ' if text.startswith('  ') else ''}{one_line(text)}"


def _fault(name: str, text: str) -> Iterator[str]:
    first, *others = text.splitlines()
    yield _line(name, f"! {first}")
    for other in others:
        yield _line("", f"  {other.strip()}")
