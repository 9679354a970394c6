"""Contracts for import-linter: what some modules may import, and who may import some modules.

Names may hold `*` (one part) and `**` (one or more parts); names not there yet are no error.
"""

import re
import sys
from collections.abc import Iterable
from typing import cast

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


class AllowedImportsContract(Contract):
    """The source modules import each other, the standard library and the allowed modules alone."""

    type_name = "allowed_imports"

    source_modules = fields.ListField(subfield=fields.StringField())
    allowed_modules = fields.ListField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        sources = matching(graph, self.source_modules)
        allowed = sources | matching(graph, self.allowed_modules) | set(sys.stdlib_module_names)
        return verdict(
            (source, target)
            for source in sources
            for target in graph.find_modules_directly_imported_by(source) - allowed
        )

    def render_broken_contract(self, check: ContractCheck) -> None:
        print_found(check)


class AllowedImportersContract(Contract):
    """The target modules are imported by the allowed importers alone."""

    type_name = "allowed_importers"

    target_modules = fields.ListField(subfield=fields.StringField())
    allowed_importers = fields.ListField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        allowed = matching(graph, self.allowed_importers)
        return verdict(
            (importer, target)
            for target in matching(graph, self.target_modules)
            for importer in graph.find_modules_that_directly_import(target) - allowed
        )

    def render_broken_contract(self, check: ContractCheck) -> None:
        print_found(check)


def matching(graph: ImportGraph, expressions: object) -> set[str]:
    patterns = [pattern(name) for name in cast(list[str], expressions)]
    return {name for name in graph.modules if any(p.fullmatch(name) for p in patterns)}


def pattern(name: str) -> re.Pattern[str]:
    parts = {"*": r"[^.]+", "**": r".+"}
    return re.compile(r"\.".join(parts.get(part, re.escape(part)) for part in name.split(".")))


def verdict(imports: Iterable[tuple[str, str]]) -> ContractCheck:
    pairs = sorted(imports)
    return ContractCheck(kept=not pairs, metadata={"found": pairs})


def print_found(check: ContractCheck) -> None:
    for importer, imported in check.metadata["found"]:
        output.print_error(f"{importer} imports {imported}")
