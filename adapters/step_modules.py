"""The module of a vendor's own steps, found beside its mapping: in the package, or in a folder."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

from adapters.mapping.model import Mapping as MappingDocument
from adapters.mapping.own_steps import NO_STEPS, OwnSteps, StepsError, read_steps


def steps_of_package(mapping: MappingDocument, package: str | None) -> OwnSteps:
    """Return the steps that ``mapping`` may use, of its ``steps_module`` in ``package``.

    Raises:
        StepsError: the module cannot be imported, or its steps cannot be used.
    """
    if mapping.steps_module is None:
        return NO_STEPS
    if not package:
        raise StepsError([f"{mapping.steps_module}: there is no package to find it in"])
    name = f"{package}.{mapping.steps_module}"
    try:
        module = importlib.import_module(name)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - vendor code may raise anything
        raise StepsError([f"{name}: import failed with {type(error).__name__}"]) from None
    return read_steps(module)


def steps_of_folder(mapping: MappingDocument, folder: Path) -> OwnSteps:
    """Return the steps that ``mapping`` may use, of the file ``<steps_module>.py`` in ``folder``.

    Raises:
        StepsError: there is no such file, it cannot be run, or its steps cannot be used.
    """
    if mapping.steps_module is None:
        return NO_STEPS
    return read_steps(_module_in(folder, mapping.steps_module))


def _module_in(folder: Path, name: str) -> ModuleType:
    """Return the module, run from its source: nothing is written beside the mapping."""
    path = folder / f"{name}.py"
    if not path.is_file():
        raise StepsError([f"{path.name}: not beside the mapping"])
    module = ModuleType(name)
    module.__file__ = str(path)
    try:
        code = compile(path.read_bytes(), path.name, "exec")
        exec(code, vars(module))  # noqa: S102 - an import would write its cache beside the file
    except (Exception, SystemExit) as error:  # noqa: BLE001 - vendor code may raise anything
        raise StepsError([f"{path.name}: running it raised {type(error).__name__}"]) from None
    return module
