# SPDX-License-Identifier: GPL-2.0-only
"""Builds, prints, parses and sorts nested objects, most of them larger than Python's own allocator
serves. Each level of nest() calls itself through a function of the interpreter, so that the stacks
are about twenty frames deep.
"""
import json
import re

LEVELS = 3


def nest(level, number):
    """A tree of lists, whose leaves are dictionaries with a string of more than 512 bytes."""
    if not level:
        return {"number": number, "text": f"word{number} " * 80, "list": list(range(number, 80))}
    return list(map(lambda n: nest(level - 1, number + n), range(7)))


def flatten(tree):
    """The leaves of a tree."""
    if isinstance(tree, dict):
        return [tree]
    return sum(map(flatten, tree), [])


text = json.dumps(nest(LEVELS, 0))
leaves = flatten(json.loads(text))
leaves.sort(key=lambda leaf: (leaf["text"] * 2)[7:])
words = {word for leaf in leaves for word in re.findall(r"\w+", leaf["text"])}
print(len(text), len(leaves), len(words))
