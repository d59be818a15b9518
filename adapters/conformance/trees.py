"""Answers of a source as trees that can be filled in, cut and mixed up: JSON, XML and rows."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

import orjson
import yaml
from lxml import etree

from adapters.errors import ConfigurationError
from standard_models.safe_yaml import safe_load

_PLACE = re.compile(r"\{\{([a-z_]+)\}\}")
Rewrite = Callable[[str], str]


class Tree(Protocol):
    """One answer."""

    media_type: str

    def rewritten(self, rewrite: Rewrite) -> Tree:
        """Return the tree with every text rewritten."""
        ...

    def without_each(self) -> Iterator[tuple[str, Tree]]:
        """Yield the tree without one part, for every part, with the name of the part."""
        ...

    def doubled(self) -> Tree:
        """Return the tree with every element of every list twice in a row."""
        ...

    def reordered(self) -> Tree:
        """Return the tree with every list from its end to its beginning."""
        ...

    def body(self, encoding: str = "utf-8") -> bytes:
        """Return the tree as the source sends it."""
        ...


class JsonTree:
    """JSON, and rows of a database as lists of objects."""

    media_type = "application/json"

    def __init__(self, content: Any) -> None:
        self.content = content

    def rewritten(self, rewrite: Rewrite) -> JsonTree:
        """Return the tree with every text rewritten."""
        return JsonTree(_rewritten(self.content, rewrite))

    def without_each(self) -> Iterator[tuple[str, Tree]]:
        """Yield the tree without one key of an object, for every key at any depth."""
        for path in _keys(self.content, ()):
            content = copy.deepcopy(self.content)
            node = content
            for step in path[:-1]:
                node = node[step]
            del node[path[-1]]
            yield ".".join(str(step) for step in path), JsonTree(content)

    def doubled(self) -> JsonTree:
        """Return the tree with every element of every list twice in a row."""
        return JsonTree(_lists(self.content, lambda found: [e for e in found for _ in range(2)]))

    def reordered(self) -> JsonTree:
        """Return the tree with every list from its end to its beginning."""
        return JsonTree(_lists(self.content, lambda found: list(reversed(found))))

    def body(self, encoding: str = "utf-8") -> bytes:
        """Return JSON."""
        return orjson.dumps(self.content).decode().encode(encoding, "replace")


class XmlTree:
    """XML."""

    media_type = "text/xml"

    def __init__(self, root: etree._Element) -> None:
        self.root = root

    def rewritten(self, rewrite: Rewrite) -> XmlTree:
        """Return the tree with every text of an element rewritten."""
        root = copy.deepcopy(self.root)
        for node in root.iter():
            if node.text and node.text.strip():
                node.text = rewrite(node.text)
        return XmlTree(root)

    def without_each(self) -> Iterator[tuple[str, Tree]]:
        """Yield the tree without one element, for every element inside the body."""
        count = sum(1 for _ in self.root.iter())
        for place in range(3, count):
            root = copy.deepcopy(self.root)
            node = list(root.iter())[place]
            parent = node.getparent()
            if parent is not None:
                parent.remove(node)
                yield etree.QName(node).localname, XmlTree(root)

    def doubled(self) -> XmlTree:
        """Return the tree with every element that has elements inside twice, below the answer."""
        root = copy.deepcopy(self.root)
        for node in self._inner(root):
            node.addnext(copy.deepcopy(node))
        return XmlTree(root)

    def reordered(self) -> XmlTree:
        """Return the tree with neighbours of one name in the opposite order."""
        root = copy.deepcopy(self.root)
        for node in self._inner(root):
            before = node.getprevious()
            if before is not None and before.tag == node.tag:
                before.addprevious(node)
        return XmlTree(root)

    def body(self, encoding: str = "utf-8") -> bytes:
        """Return XML that says it is UTF-8, whatever it is."""
        text = etree.tostring(self.root, encoding="unicode")
        head = '<?xml version="1.0" encoding="UTF-8"?>\n'
        return (head + text).encode(encoding, "xmlcharrefreplace")

    @staticmethod
    def _inner(root: etree._Element) -> list[etree._Element]:
        return [node for place, node in enumerate(root.iter()) if place > 2 and len(node)]


def read_tree(path: Path) -> Tree:
    """Return the answer in a file, by its suffix: ``.json``, ``.xml``, ``.yaml`` for rows.

    Raises:
        ConfigurationError: the file is missing, or is not what its suffix says.
    """
    try:
        raw = path.read_bytes()
        match path.suffix:
            case ".json":
                return JsonTree(orjson.loads(raw))
            case ".xml":
                parser = etree.XMLParser(
                    resolve_entities=False, no_network=True, remove_blank_text=True,
                    remove_comments=True,
                )  # fmt: skip
                return XmlTree(etree.fromstring(raw, parser))
            case ".yaml":
                return JsonTree(safe_load(raw))
    except (OSError, ValueError, yaml.YAMLError, etree.XMLSyntaxError) as error:
        raise ConfigurationError(f"{path.name}: {type(error).__name__}") from None
    raise ConfigurationError(f"{path.name}: the suffix is none of .json, .xml, .yaml")


def filled(tree: Tree, values: Mapping[str, str], name: str) -> Tree:
    """Return the tree with ``{{name}}`` filled in.

    Raises:
        ConfigurationError: a place has no value.
    """

    def rewrite(text: str) -> str:
        try:
            return _PLACE.sub(lambda found: values[found[1]], text)
        except KeyError as error:
            raise ConfigurationError(f"{name}: nobody has a value {error}") from None

    return tree.rewritten(rewrite)


def _rewritten(node: Any, rewrite: Rewrite) -> Any:
    if isinstance(node, str):
        return rewrite(node)
    if isinstance(node, dict):
        return {key: _rewritten(value, rewrite) for key, value in node.items()}
    if isinstance(node, list):
        return [_rewritten(value, rewrite) for value in node]
    return node


def _keys(node: Any, path: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
    if isinstance(node, dict):
        for key, value in node.items():
            yield (*path, key)
            yield from _keys(value, (*path, key))
    elif isinstance(node, list):
        for place, value in enumerate(node):
            yield from _keys(value, (*path, place))


def _lists(node: Any, change: Callable[[list[Any]], list[Any]]) -> Any:
    if isinstance(node, dict):
        return {key: _lists(value, change) for key, value in node.items()}
    if isinstance(node, list):
        return change([_lists(value, change) for value in node])
    return node
