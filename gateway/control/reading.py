"""What a reload reads: the files on the disk, judged with everything that must fit them.

Beside what the files themselves allow: the signing key must be its certificate's, trust lists must have
their signers, no list may have shrunk unasked, and a policy that was rolled back from is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from gateway.control.files import Configuration, read_configuration
from gateway.control.signing_key import signing_problem
from gateway.control.trust_lists import trust_list_problems
from gateway.generation.generation import PolicyPart, build
from gateway.generation.problem import Problem
from gateway.generation.shrinking import shrunk_lists
from gateway.generation.texts import Texts
from gateway.generations import CurrentGeneration


class ConfigurationReader:
    """Reads one configuration directory; every call blocks while the disk is read."""

    def __init__(
        self, directory: Path, environment: Mapping[str, str], obtained: Callable[[], Mapping[str, bytes]]
    ) -> None:
        self._directory = directory
        self._environment = environment
        self._obtained = obtained

    def read(self) -> Configuration | list[Problem]:
        """Everything the files say, or every problem with them."""
        read = read_configuration(self._directory, self._environment, obtained=self._obtained())
        if isinstance(read, list):
            return read
        problem = signing_problem(read)
        return [*([problem] if problem else []), *trust_list_problems(read.settings)] or read

    def shrunk(self, read: Configuration, before: PolicyPart | None) -> list[Problem]:
        """A problem for each list that is much shorter than the one in force."""
        shrunk = [] if before is None else shrunk_lists(before, read.generation.policy)
        return [replace(problem, file=str(self._directory / problem.file)) for problem in shrunk]


def still_set_aside(read: Configuration | list[Problem], before: CurrentGeneration | None) -> tuple[str, ...]:
    """The policy parts that were rolled back from, while the files still hold one of them."""
    if isinstance(read, list) or before is None or read.texts.policy_digest() not in before.set_aside:
        return ()
    return before.set_aside


def with_policy_of(kept: Texts, read: Configuration) -> Configuration | list[Problem]:
    """What was read, with the policy part in force."""
    texts = read.texts.with_policy_of(kept)
    generation = build(texts)
    return generation if isinstance(generation, list) else Configuration(read.settings, texts, generation)
