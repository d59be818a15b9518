"""What a town's own rules for documents (文書管理規程) say otherwise, from a file of its own.

```yaml
"999997":
  notice: {floor_years: 5, ceiling_years: 10, source: 文書管理規程第12条, checked_on: 2026-11-30}
```

A town may keep longer than the product says, and erase earlier or later than its ceiling, but
nothing below the floor of the product, which the law may need.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from gateway.errors import ExplainedError
from gateway.retention.rules import Mark, RetentionRules, Rule, retention_rules
from standard_models.safe_yaml import safe_load


class RetentionFileError(ExplainedError):
    """The town's file cannot be used, so nothing is erased; the texts say why."""


class TownRule(BaseModel):
    """Years of one kind, by which provision, and when somebody looked at it last."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    floor_years: int = Field(ge=1, le=150)
    ceiling_years: int = Field(ge=1, le=150)
    source: str = Field(min_length=1, max_length=200)
    checked_on: dt.date


_Municipality = Annotated[str, Field(pattern=r"^\d{6}$")]
_FILE = TypeAdapter(dict[_Municipality, dict[str, TownRule]])


def rules_of(municipality: str, file: Path | None) -> RetentionRules:
    """Return the rules that come with the product, with what the town's file says otherwise.

    Raises:
        RetentionFileError: it cannot be read, names what there is not, or goes below a floor.
    """
    rules = retention_rules()
    if file is None:
        return rules
    own = _read(file).get(municipality, {})
    for kind in own:
        if kind not in rules.erased:
            raise RetentionFileError(
                f"保存期間のファイルの種類「{kind}」はありません。",
                f"the retention file names a kind that there is not: {kind}",
            )
    changed = {kind: _changed(rules.erased[kind], said) for kind, said in own.items()}
    return replace(rules, erased={**rules.erased, **changed})


def _read(file: Path) -> Mapping[str, Mapping[str, TownRule]]:
    try:
        return _FILE.validate_python(safe_load(file.read_text("utf-8")) or {})
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        name = type(error).__name__
        raise RetentionFileError(
            f"保存期間のファイルを読めません（{name}）。",
            f"the retention file cannot be read ({name})",
        ) from None
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(map(str, e['loc']))}: {e['msg']}"
            for e in error.errors(include_input=False, include_url=False, include_context=False)
        )
        raise RetentionFileError(
            f"保存期間のファイルに誤りがあります（{wrong}）。",
            f"the retention file is wrong ({wrong})",
        ) from None


def _changed(rule: Rule, said: TownRule) -> Rule:
    if said.floor_years < rule.floor_years:
        raise RetentionFileError(
            f"「{rule.kind}」の下限は {rule.floor_years} 年より短くできません。",
            f"the floor of {rule.kind} cannot be shorter than {rule.floor_years} years",
        )
    if said.ceiling_years < said.floor_years:
        raise RetentionFileError(
            f"「{rule.kind}」の上限が下限より短くなっています。",
            f"the ceiling of {rule.kind} is shorter than its floor",
        )
    return replace(
        rule,
        floor_years=said.floor_years,
        ceiling_years=said.ceiling_years,
        source=f"{said.source}（{said.checked_on}）",
        mark=Mark.VERIFIED,
    )
