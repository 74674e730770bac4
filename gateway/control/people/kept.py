"""What was typed into a page by somebody whose session had ended: carried through signing in, and not lost.

It travels in the forms of signing in themselves, under names of its own, and nothing of it is stored. Whoever
has signed in is shown one button that sends it to where it was going.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from gateway.control.pages.forms import Form
from gateway.control.pages.serving import own_address

_PATH: Final = "kept_path"
_FIELD: Final = "kept."
_NEVER: Final = ("/account", "/sign-in")
"""Forms with passwords: those are typed again."""


def keep_fields(path: str, form: Form) -> Mapping[str, Sequence[str]]:
    """The fields of a form that was going to `path`, under the names they travel by."""
    if path.startswith(_NEVER):
        return {}
    return {_PATH: [path], **{f"{_FIELD}{name}": values for name, values in form.values.items()}}


def kept_names(form: Form) -> Sequence[str]:
    """What of a form of signing in is another's."""
    return [name for name in form.values if name == _PATH or name.startswith(_FIELD)]


def kept_path(form: Form) -> str | None:
    """Where the kept form was going; None where there is none."""
    path = own_address(form.text(_PATH))
    return None if path is None or path.startswith(_NEVER) else path


def kept_fields(form: Form) -> Iterator[tuple[str, str]]:
    """The kept form as it was."""
    for name, values in form.values.items():
        if name.startswith(_FIELD):
            yield from ((name.removeprefix(_FIELD), value) for value in values)
