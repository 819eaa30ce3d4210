"""`Choice`: a record of the library as a setting, with the controls of its fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from functools import cache
from typing import Any

from explorer.declaring import DECLARES, Declared
from explorer.params import must, settle
from explorer.settings.kinds import Flag, Pick
from explorer.settings.numbers import Number, Several
from explorer.settings.setting import Setting, face, named, paragraph

RARE = frozenset({"rank_tolerance", "beta1", "beta2", "rtol", "block", "keep"})
"""Fields that a page folds away, because their defaults suit nearly everybody."""


@dataclass(frozen=True)
class Choice(Setting):
    """A frozen record of the library, one of several kinds.

    The JSON form is `{"Adam": {"rate": 0.3, …}}` with every declared field. The class
    of a record validates the record as a whole (such as `rank` ≤ `dim`).

    Parameters
    ----------
    kinds : classes that can be instantiated without arguments.
    default : a record of one of the kinds; by default, an instance of the first kind.
    prefix : module name of the kinds in generated code.
    without : fields that another setting controls; records keep the defaults of these
        fields.
    """

    name: str
    kinds: tuple[type, ...]
    meaning: str
    default: Any = None
    label: str = ""
    prefix: str = "ex"
    without: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for kind in self.kinds:
            require_defaults(kind)
        start = self.kinds[0]() if self.default is None else self.default
        settle(self, label=named(self.name, self.label), default=self.check(start))

    def _inner(self, kind: type) -> list[Setting]:
        """Return the settings of a kind that are part of this one."""
        return [s for s in settings_of(kind) if s.name not in self.without]

    def numbers(self, record: Any) -> list[Setting]:
        """Return the settings of a record's fields, shown as controls below the choice.

        A field that holds a record is itself a choice.
        """
        return [s for s in self._inner(type(record)) if not isinstance(s, Several)]

    def check(self, value: Any) -> Any:
        """Return the record itself; all of its fields must have a JSON form."""
        if type(value) not in self.kinds:
            names = ", ".join(f"{kind.__name__}()" for kind in self.kinds)
            cure = f"pass an instance such as {self.kinds[0].__name__}()"
            raise TypeError(must(self.name, f"one of {names}", value, cure))
        for setting in settings_of(type(value)):
            found = setting.check(getattr(value, setting.name))
            if setting.name in self.without and found != setting.default:
                usual = f"the default, {setting.code(setting.default)}"
                cure = f"set `{setting.name}` on its own"
                raise ValueError(must(setting.name, usual, found, cure))
        return value

    def to_json(self, value: Any) -> dict[str, Any]:
        """Return the name of the kind and its fields."""
        found = self._inner(type(self.check(value)))
        inner = {s.name: s.to_json(getattr(value, s.name)) for s in found}
        return {type(value).__name__: inner}

    def from_json(self, document: Any) -> Any:
        """Return the record; the document must hold exactly the declared fields."""
        kind, inner = self._parsed(document)
        found = self._inner(kind)
        missing = [s.name for s in found if s.name not in inner]
        if missing:
            raise ValueError(
                must(
                    self.name,
                    f"a {kind.__name__} with all of its fields",
                    document,
                    f"add {', '.join(missing)}",
                )
            )
        return kind(**{s.name: s.from_json(inner[s.name]) for s in found})

    def wish(self, document: Any, current: Any) -> Any:
        """Return the record; omitted fields keep their current values.

        A record of another kind takes over the fields that it shares with the current
        record.
        """
        kind, inner = self._parsed(document)
        values = {}
        for s in self._inner(kind):
            before = kept(s, current)
            values[s.name] = (
                s.wish(inner[s.name], before) if s.name in inner else before
            )
        return kind(**values)

    def _parsed(self, document: Any) -> tuple[type, Mapping[str, Any]]:
        """Return kind and fields of a document; raise if a name is unknown."""
        table = {kind.__name__: kind for kind in self.kinds}
        example = '{"' + self.kinds[0].__name__ + '": {…}}'
        single = isinstance(document, Mapping) and len(document) == 1
        if not single or not isinstance(next(iter(document.values())), Mapping):
            admissible = "the name of one kind with its fields"
            raise ValueError(must(self.name, admissible, document, f"pass {example}"))
        ((name, inner),) = document.items()
        if name not in table:
            cure = f"there is no {name!r:.60}"
            raise ValueError(
                must(self.name, f"one of {', '.join(table)}", document, cure)
            )
        known = [s.name for s in self._inner(table[name])]
        extra = [str(key) for key in inner if key not in known]
        if extra:
            admissible = f"a {name} with {', '.join(known) or 'no fields'}"
            cure = f"leave out {', '.join(extra)}"
            raise ValueError(must(self.name, admissible, document, cure))
        return table[name], inner

    def code(self, value: Any) -> str:
        """Return the constructor call, without arguments that equal their defaults."""
        parts = []
        for s in self._inner(type(self.check(value))):
            text = s.code(getattr(value, s.name))
            if text != s.code(s.default):
                parts.append(f"{s.name}={text}")
        return f"{self.prefix}.{type(value).__name__}({', '.join(parts)})"

    def control(self) -> dict[str, Any]:
        """Return the description of a list of kinds, with the controls of each."""
        options = [
            {
                "value": kind.__name__,
                "label": kind.__name__,
                "meaning": summary(kind),
                "controls": [inner_control(s) for s in self.numbers(kind())],
            }
            for kind in self.kinds
        ]
        told = "".join(paragraph(f"{k.__name__}: {summary(k)}") for k in self.kinds)
        return face(
            self, "choice", options=options, help=paragraph(self.meaning) + told
        )


def inner_control(setting: Setting) -> dict[str, Any]:
    """Return the control of a field; inner records, flags and RARE fields fold away."""
    rare = isinstance(setting, (Choice, Flag)) or setting.name in RARE
    return setting.control() | {"rare": rare}


def settings_of(kind: Any) -> tuple[Setting, ...]:
    """Return the settings that the fields of a record declare, in their order."""
    return found_in(kind)  # type checkers reject a `type[Any]` as a cache key


@cache
def found_in(kind: Any) -> tuple[Setting, ...]:
    """Return the settings of a record, cached by its class."""
    found = [setting_of(f) for f in fields(kind) if DECLARES in f.metadata]
    return tuple(s for s in found if s is not None)


def setting_of(field: Field[Any]) -> Setting | None:
    """Return the setting that a field declares."""
    declared: Declared = field.metadata[DECLARES]
    name, check, meaning = field.name, declared.check, declared.meaning
    if declared.parameter is not None:
        return Number(
            declared.parameter, name, default_of(field), words=declared.words,
            judge=check,
        )  # fmt: skip
    if declared.kinds:
        return Choice(name, declared.kinds, meaning, default_of(field))
    if declared.options:
        if set(map(type, declared.options)) == {bool}:
            return Flag(name, meaning, default_of(field))
        return Pick(name, declared.options, meaning, default_of(field))
    if declared.several and check is not None:
        return Several(name, default_of(field), meaning, check)
    return None


def default_of(field: Field[Any]) -> Any:
    """Return the default of a field (from its factory if any), else MISSING."""
    if field.default_factory is not MISSING:
        return field.default_factory()
    return field.default


def require_defaults(kind: Any) -> None:
    """Raise unless a kind is a record that needs no arguments."""
    record = isinstance(kind, type) and is_dataclass(kind)
    if not record or any(f.init and default_of(f) is MISSING for f in fields(kind)):
        cure = "give its fields defaults, or leave it out"
        admissible = "frozen records that can be made without arguments"
        raise TypeError(must("kinds", admissible, kind, cure))


def kept(setting: Setting, current: Any) -> Any:
    """Return the value of a record's field, or the default if it is inadmissible."""
    try:
        return setting.check(getattr(current, setting.name, setting.default))
    except (ValueError, TypeError):
        return setting.default


def summary(kind: type) -> str:
    """Return the first line of a docstring."""
    return (kind.__doc__ or "").strip().partition("\n")[0]
