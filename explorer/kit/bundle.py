"""`bundle`: combine the ES modules of a folder into one script for anywidget.

The browser loads a widget's script from a blob, where `import … from "./other.js"`
fails. `bundle` turns each module into a function that returns its exports, in the order
of their imports. Names do not collide, and no build step is needed.
"""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

IMPORT = re.compile(r'^import \{([^}]*)\} from "\./([\w-]+\.js)";$', re.MULTILINE)
EXPORT = re.compile(r"^export ((?:async )?function\*?|const|class) (\w+)", re.MULTILINE)
DEFAULT = re.compile(r"^export default (.+);$", re.MULTILINE)
LEFT_OVER = re.compile(r"^(?:import|export)\b.*$", re.MULTILINE)
"""Imports and exports that the patterns above do not cover."""


def bundle(folder: Path, entry: str) -> str:
    """Return the module `entry` and all that it imports as one script.

    Modules may use two forms: `import { a, b } from "./other.js";`, and `export` before
    `function`, `class` or `const`. Only the entry has `export default …;`.

    Raises
    ------
    ValueError
        if modules import each other in a cycle, or use another form.
    """
    done: dict[str, str] = {}
    add(folder, entry, done, ())
    return "\n".join(done.values()) + f"\nexport default {name_of(entry)}.default;\n"


def once(script: str) -> str:
    """Return a script that runs `script` once per browser page, for all widgets on it.

    A browser never releases a module; without this, each widget would leave one.
    """
    key = hashlib.sha256(script.encode()).hexdigest()[:16]
    # ASCII: a browser stores such text in half the memory
    return f"""const source = {json.dumps(script)};
const scripts = (globalThis.lafScripts ??= {{}});
scripts["{key}"] ??= import(
  URL.createObjectURL(new Blob([source], {{ type: "text/javascript" }}))
);
export default async () => (await scripts["{key}"]).default;
"""


def add(folder: Path, file: str, done: dict[str, str], above: tuple[str, ...]) -> None:
    """Add a module to `done`, after the modules that it imports."""
    if file in above:
        circle = " → ".join((*above[above.index(file) :], file))
        raise ValueError(f"modules must not import in a circle: {circle}")
    if file in done:
        return
    text = (folder / file).read_text(encoding="utf-8")
    for _, other in IMPORT.findall(text):
        add(folder, other, done, (*above, file))
    done[file] = wrapped(file, text)


def wrapped(file: str, text: str) -> str:
    """Return a module as a constant that holds its exports."""
    names = [name for _, name in EXPORT.findall(text)]
    names += [f"default: {value}" for value in DEFAULT.findall(text)]
    body = IMPORT.sub(taken, text)
    body = DEFAULT.sub("", EXPORT.sub(r"\1 \2", body))
    if (left := LEFT_OVER.search(body)) is not None:
        raise ValueError(f"{file} must use the forms of `bundle`, got {left[0]!r}")
    returned = f"return {{ {', '.join(names)} }};"
    return f"const {name_of(file)} = (() => {{\n{body.strip()}\n{returned}\n}})();"


def taken(found: re.Match[str]) -> str:
    """Return the line that replaces an import from a module above."""
    return f"const {{{found[1]}}} = {name_of(found[2])};"


def name_of(file: str) -> str:
    """Return the constant that holds the exports of a module."""
    return "$" + file.removesuffix(".js").replace("-", "_")
