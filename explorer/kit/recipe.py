"""`Recipe`: the Python program that reproduces the numbers on screen."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

Words = Mapping[str, str]
Stage = tuple[Words, int]
"""Settings as Python text, and the number of steps taken with them."""

Template = str | Callable[[Words], str]


@dataclass(frozen=True)
class Recipe:
    """Lines of a program, with settings in braces.

    A line is `variable = expression`, or a function that maps the settings as text to
    such a line or to "". A later stage repeats a line only if the line, or a line whose
    variable it uses, has changed.

    Attributes
    ----------
    lines : lines of each stage; runs replace `{steps}` and `{start}`.
    last : line that collects `numbers`; start : text for `{start}` from the second
        stage on.
    imports : lines that import what other lines use besides `ex`.
    """

    lines: Sequence[Template]
    last: str
    start: str = ""
    imports: tuple[str, ...] = ()

    def code(self, stages: Sequence[Stage], head: Sequence[str] = ()) -> str:
        """Return the program of several stages.

        head : lines between the import and the first stage.
        """
        first = [*self.imports, "import explorer as ex"]
        out, before = [*first, "", *head], dict[int, str]()
        for number, (words, steps) in enumerate(stages):
            changed: set[str] = set()
            start = self.start if number else ""
            for place, line in enumerate(self.lines):
                template = line if isinstance(line, str) else line(words)
                text = template.format(**words, steps=steps, start=start)
                if not text:
                    continue
                name, _, body = text.partition(" = ")
                used = changed & set(re.findall(r"[A-Za-z_]\w*", body))
                if used or before.get(place) != text or "{steps}" in template:
                    out.append(text)
                    changed.add(name)
                    before[place] = text
        return "\n".join([*out, self.last]) + "\n"
