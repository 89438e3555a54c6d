r"""A prompt file: TOML front matter, then named sections, read strictly.

::

    +++
    schema = 1
    name = "review"
    version = 1
    summary = "One persona answers its checklist about one batch of a change."
    contract = "contract/v1"        # whose system text stands first; or a section of its own
    output = "answers"              # or verdicts, reply, markdown; same; none for a contract
    inputs = ["persona", "rules"]   # every variable that the sections use, and no other
    notes = '''Why it is as it is.'''

    [parameters]
    temperature = 0.2
    max_output_tokens = 8000
    +++

    +++ question                    # after the data
    You are {{ persona.title }}.

    +++ closing                     # at the very end: the contract again
    Answer with one JSON object.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from reviewer.domain.completion import Parameters, PromptIdentity
from reviewer.domain.toml_document import TomlDocument, odd_character, one_of, parse_toml, shorten
from reviewer.errors import ConfigurationError
from reviewer.prompting.described_schema import field_names
from reviewer.prompting.prompt_schema import INPUTS, SAME, FrontMatter, Output, SectionName
from reviewer.prompting.prompt_template import NONCE, SectionTemplate, parse_section

_FENCE = "+++"
_SECTION = re.compile(r"\+\+\+ (?P<name>\S.*)")
_PATH = re.compile(r"prompts/(?P<name>[^/]+)/v(?P<version>[1-9][0-9]{0,3})\.md")


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """A prompt, as its file says.

    Args:
        identity: Its name, version and the sha256 of its file.
        summary: What it does, one sentence.
        contract: The prompt whose system text it uses (``contract/v1``), ``same`` for that of
            the call that failed, None where it has a system section of its own.
        output: The form of the answer.
        inputs: The inputs that it uses.
        parameters: What a call sets; None for a contract.
        fields: Templates of what fields of answers mean, by form and field; of contracts alone.
        notes: Why it is as it is.
        sections: Its templates.
        path: The file, as people know it.
        text: The file's text.
    """

    identity: PromptIdentity
    summary: str
    contract: str | None
    output: Output
    inputs: tuple[str, ...]
    parameters: Parameters | None
    fields: Mapping[str, Mapping[str, SectionTemplate]] = field(repr=False)
    notes: str
    sections: Mapping[SectionName, SectionTemplate] = field(repr=False)
    path: str
    text: str = field(repr=False)

    @property
    def key(self) -> str:
        """Its name and version: ``review/v1``."""
        return f"{self.identity.name}/v{self.identity.version}"

    def render(self, section: SectionName, values: Mapping[str, object]) -> str:
        """Fill in a section; empty where the file has none of this name.

        Args:
            section: Which.
            values: Values of inputs; those that the file does not declare are not seen.

        Raises:
            ConfigurationError: An input that the file declares is not given for this work.
        """
        template = self.sections.get(section)
        if template is None:
            return ""
        return template.render(self._declared(values))

    def described_fields(self, output: Output, values: Mapping[str, object]) -> Mapping[str, str]:
        """Return what the fields of an answer mean.

        Args:
            output: The form of the answer.
            values: Values of inputs.
        """
        declared = self._declared(values)
        templates = self.fields.get(output.value, {})
        return {name: template.render(declared) for name, template in templates.items()}

    def _declared(self, values: Mapping[str, object]) -> Mapping[str, object]:
        missing = [name for name in self.inputs if name not in values]
        if missing:
            message = f"inputs that are not given for this work: {', '.join(missing)}"
            raise ConfigurationError(message, path=self.path)
        return {name: values[name] for name in self.inputs}


def parse_prompt(text: str, path: str) -> Prompt:
    """Read a prompt file.

    Args:
        text: Its text.
        path: The file, as people know it: ``prompts/review/v1.md``.

    Raises:
        ConfigurationError: It is wrong; tells everything that is, with the lines.
    """
    place = _PATH.fullmatch(path)
    if place is None:
        hint = "Like: prompts/review/v2.md"
        raise ConfigurationError("a prompt file is named NAME/vN.md", path=path, hint=hint)
    lines = text.split("\n")
    end = _end_of_front_matter(lines, path)
    # A blank line stands for the opening fence, so that lines count as in the file.
    document = parse_toml("\n".join(["", *lines[1:end]]) + "\n", path)
    front = document.validate(FrontMatter)
    wrong = [*_odd_lines(lines, path), *_misnamed(front, document, place)]
    sections, faults = _sections(lines, end, path)
    fields, field_faults = _fields(front, document)
    wrong += [*faults, *field_faults]
    if not wrong:
        wrong += [
            *_section_faults(front, document, sections),
            *_input_faults(front, document, [*sections.values(), *_each(fields)]),
        ]
    if wrong:
        raise ConfigurationError.of(sorted(wrong, key=lambda error: error.line or 0))
    return Prompt(
        identity=PromptIdentity(name=front.name, version=front.version, sha256=sha256_of(text)),
        summary=front.summary,
        contract=front.contract,
        output=front.output,
        inputs=tuple(front.inputs),
        parameters=_parameters(front),
        fields=fields,
        notes=front.notes,
        sections=sections,
        path=path,
        text=text,
    )


def sha256_of(text: str) -> str:
    """Return the sha256 of a prompt file's bytes, as ``sha256sum`` prints it."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def _end_of_front_matter(lines: Sequence[str], path: str) -> int:
    """Return the index of the closing line."""
    if lines[0] != _FENCE:
        hint = "Begin the file with a line +++ and: schema = 1"
        raise ConfigurationError("there is no front matter", path=path, line=1, hint=hint)
    for index, line in enumerate(lines[1:], 1):
        if line == _FENCE:
            return index
    raise ConfigurationError("the front matter is not closed by a line +++", path=path, line=1)


def _odd_lines(lines: Sequence[str], path: str) -> Iterator[ConfigurationError]:
    for number, line in enumerate(lines, 1):
        odd = odd_character(line)
        if odd is not None:
            yield ConfigurationError(f"the text holds {odd}", path=path, line=number)


def _misnamed(
    front: FrontMatter, document: TomlDocument, place: re.Match[str]
) -> Iterator[ConfigurationError]:
    if front.name != place["name"]:
        yield document.error(f'name is "{front.name}", and the folder {place["name"]}', ["name"])
    if str(front.version) != place["version"]:
        message = f"version is {front.version}, and the file v{place['version']}.md"
        yield document.error(message, ["version"])


def _sections(
    lines: Sequence[str], end: int, path: str
) -> tuple[dict[SectionName, SectionTemplate], list[ConfigurationError]]:
    """Split the body at its ``+++ name`` lines, and read each part."""
    wrong: list[ConfigurationError] = []
    starts = [i for i in range(end + 1, len(lines)) if lines[i].startswith(_FENCE)]
    before = [i for i in range(end + 1, starts[0] if starts else len(lines)) if lines[i].strip()]
    if before or not starts:
        line = before[0] + 1 if before else end + 1
        hint = "Begin a section with a line like: +++ question"
        message = "text stands outside of a section" if before else "there is no section"
        wrong.append(ConfigurationError(message, path=path, line=line, hint=hint))
    sections: dict[SectionName, SectionTemplate] = {}
    for start, stop in pairwise([*starts, len(lines)]):
        try:
            name = _section_name(lines[start], path, start + 1)
            source = "\n".join(lines[start + 1 : stop]).rstrip("\n")
            template = parse_section(source, path=path, line=start + 2)
        except ConfigurationError as error:
            wrong.append(error)
            continue
        fault = "stands twice" if name in sections else "" if source.strip() else "is empty"
        if fault:
            message = f"the section {name} {fault}"
            wrong.append(ConfigurationError(message, path=path, line=start + 1))
        sections[name] = template
    return sections, wrong


def _section_name(line: str, path: str, number: int) -> SectionName:
    match = _SECTION.fullmatch(line)
    word = "" if match is None else match["name"].strip()
    known = [name.value for name in SectionName]
    if word not in known:
        message = f'there is no section "{shorten(word)}"'
        raise ConfigurationError(message, path=path, line=number, hint=one_of(word, known))
    return SectionName(word)


def _fields(
    front: FrontMatter, document: TomlDocument
) -> tuple[dict[str, dict[str, SectionTemplate]], list[ConfigurationError]]:
    """Read what is said about fields of answers; each is a template of one line."""
    fields: dict[str, dict[str, SectionTemplate]] = {}
    wrong: list[ConfigurationError] = []
    if front.output is not Output.NONE and front.fields.model_fields_set:
        wrong.append(document.error("only a contract describes fields", ["fields"]))
    for form in type(front.fields).model_fields:
        known = field_names(form)
        for name, source in getattr(front.fields, form).items():
            at = ["fields", form, name]
            if name not in known:
                wrong.append(
                    document.error(
                        f'{form} have no field "{shorten(name)}"', at, one_of(name, known)
                    )
                )
                continue
            try:
                template = parse_section(source, path=document.path, line=document.line(at) or 1)
            except ConfigurationError as error:
                wrong.append(error)
                continue
            fields.setdefault(form, {})[name] = template
    return fields, wrong


def _each(fields: Mapping[str, Mapping[str, SectionTemplate]]) -> Iterator[SectionTemplate]:
    for templates in fields.values():
        yield from templates.values()


def _section_faults(
    front: FrontMatter, document: TomlDocument, sections: Mapping[SectionName, SectionTemplate]
) -> Iterator[ConfigurationError]:
    """Tell sections that are missing or too many for what the prompt is."""
    if front.output is Output.NONE:
        wanted = {SectionName.SYSTEM}
        if front.contract is not None:
            yield document.error("a contract has a system section of its own", ["contract"])
    else:
        wanted = {SectionName.QUESTION, SectionName.CLOSING}
        if front.contract is None:
            wanted.add(SectionName.SYSTEM)
        if front.parameters is None:
            yield document.error("[parameters] is missing")
        if (front.contract == SAME) != (front.output is Output.SAME):
            yield document.error('contract and output are both "same", or neither is', ["output"])
    for name in SectionName:
        if name in wanted and name not in sections:
            yield document.error(f"the section {name} is missing")
        if name in sections and name not in wanted:
            message = f"the section {name} does not belong here"
            yield ConfigurationError(message, path=document.path, line=sections[name].line - 1)


def _input_faults(
    front: FrontMatter, document: TomlDocument, templates: Sequence[SectionTemplate]
) -> Iterator[ConfigurationError]:
    """Tell inputs that nobody gives, that nobody uses, or that nobody declares."""
    used: set[str] = set()
    for template in templates:
        used |= template.inputs
        for name in sorted(template.inputs - set(front.inputs)):
            if name == NONCE:
                message = 'fenced needs "nonce" among the inputs'
            else:
                message = f'the variable "{shorten(name)}" is not among the inputs'
            yield ConfigurationError(message, path=document.path, line=template.line)
    for index, name in enumerate(front.inputs):
        at: tuple[str | int, ...] = ("inputs", index)
        if name not in INPUTS:
            yield document.error(
                f'there is no input "{shorten(name)}"', at, one_of(name, list(INPUTS))
            )
        elif name not in used:
            yield document.error(f'the input "{shorten(name)}" is not used', at)
        elif name in front.inputs[:index]:
            yield document.error(f'the input "{shorten(name)}" stands twice', at)


def _parameters(front: FrontMatter) -> Parameters | None:
    if front.parameters is None:
        return None
    return Parameters(
        max_output_tokens=front.parameters.max_output_tokens,
        temperature=front.parameters.temperature,
        top_p=front.parameters.top_p,
        effort=front.parameters.effort,
    )
