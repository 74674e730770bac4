"""What a reload reads: the files on the disk, judged with everything that must fit them.

Beside what the files themselves allow: the signing key must be its certificate's, trust lists must have
their signers, no list may have shrunk unasked, and a policy that was rolled back from is left out.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from gateway.control.reloading.file_watch import Signature, Snapshot, signature_of
from gateway.control.reloading.files import Configuration, read_configuration, read_settings, watched_folders
from gateway.control.reloading.signing_key import signing_problem
from gateway.control.trust.pins import trust_list_problems
from gateway.generation.generation import PolicyPart, build
from gateway.generation.policy_file import POLICY_FILE
from gateway.generation.problem import Problem
from gateway.generation.settings import SETTINGS_FILE, Settings
from gateway.generation.shrinking import shrunk_lists, shrunk_policy
from gateway.generation.texts import OPTIONAL_FILES, POLICY_FILES, Texts
from gateway.generations import CurrentGeneration


class ConfigurationReader:
    """Reads one configuration directory; every call blocks while the disk is read."""

    def __init__(
        self, directory: Path, environment: Mapping[str, str], obtained: Callable[[], Mapping[str, bytes]]
    ) -> None:
        self._directory = directory
        self._environment = environment
        self._obtained = obtained
        self._settings: tuple[Signature | None, Settings] | None = None
        self.policy_digest: str | None = None
        """Of the files' policy part, as last read; None where it could not be."""

    def read(self) -> Configuration | list[Problem]:
        """Everything the files say, or every problem with them."""
        read = read_configuration(self._directory, self._environment, obtained=self._obtained())
        self.policy_digest = None if isinstance(read, list) else read.texts.policy_digest()
        if isinstance(read, list):
            return read
        problem = signing_problem(read)
        return [*([problem] if problem else []), *trust_list_problems(read.settings)] or read

    def snapshot(self) -> Snapshot:
        """Every file that `read` would look at, as it is now."""
        names = (SETTINGS_FILE, *POLICY_FILES, *OPTIONAL_FILES)
        paths = [self._directory / name for name in names]
        settings = self._settings_now(signature_of(self._directory / SETTINGS_FILE))
        if settings is not None:
            named = (settings.signing.key_file, settings.signing.certificate_file)
            paths += [Path(each) for each in named if each is not None]
            for folder in watched_folders(settings):
                with contextlib.suppress(OSError, ValueError):
                    paths += [Path(entry.path) for entry in os.scandir(folder)]
        return {path: signature_of(path) for path in paths}

    def _settings_now(self, signature: Signature | None) -> Settings | None:
        """The settings, read anew where their file has changed; the last good ones where it is broken."""
        if self._settings is None or self._settings[0] != signature:
            read = read_settings(self._directory, self._environment)
            if isinstance(read, list):
                return None if self._settings is None else self._settings[1]
            self._settings = signature, read
        return self._settings[1]

    def shrunk(self, read: Configuration, texts: Texts | None, policy: PolicyPart | None) -> list[Problem]:
        """A problem for each file that holds much less than the one in force."""
        shrunk = [] if policy is None else shrunk_lists(policy, read.generation.policy)
        if texts is not None:
            shrunk += shrunk_policy(texts.files[POLICY_FILE], read.texts.files[POLICY_FILE])
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
