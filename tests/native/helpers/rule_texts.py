# SPDX-License-Identifier: GPL-3.0-or-later
"""Texts that a Perl expression matches, most of the time: its look-arounds are ignored.
Read by Python's own reader, after what the two languages write otherwise."""

import re
import warnings

try:
    from re import _parser as reader
except ImportError:
    import sre_parse as reader

SPACES = " \t\n\x0b\x0c\r\x85\xa0"
IN_CATEGORY = {
    "CATEGORY_DIGIT": "0123456789",
    "CATEGORY_SPACE": " \t\n\x0c",
    "CATEGORY_WORD": "abcXYZ019_",
    "CATEGORY_NOT_DIGIT": "a -.",
    "CATEGORY_NOT_SPACE": "aZ9.\xe4",
    "CATEGORY_NOT_WORD": " .-!\xa0",
}
OTHERS = "aZ5 .-\n\xe9\x80_"      # to be found outside of a class


def pythonic(expression):
    expression = re.sub(r"\(\?\^?aa[ims]*:", "(?:", expression)
    expression = re.sub(r"\(\?(?:\^?aa)?[ims]*\)", "", expression)
    expression = expression.replace("[:xdigit:]", "0-9a-f")
    return expression.replace("\\z", "\\Z").replace("\\e", "\\x1b")


def generator(expression):
    """A function of a random.Random that gives a text; None for what cannot be read."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            tree = reader.parse(pythonic(expression))
        except (re.error, OverflowError):
            return None
    return lambda dice: write(tree, dice, {})


def write(tree, dice, groups):
    return "".join(one(str(kind), value, dice, groups) for kind, value in tree)


def one(kind, value, dice, groups):
    if kind == "LITERAL":
        return chr(value)
    if kind == "NOT_LITERAL":
        return dice.choice([other for other in OTHERS if ord(other) != value])
    if kind == "ANY":
        return dice.choice(OTHERS.replace("\n", ""))
    if kind == "IN":
        return of_class(value, dice)
    if kind == "BRANCH":
        return write(dice.choice(value[1]), dice, groups)
    if kind == "SUBPATTERN":
        groups[value[0]] = write(value[-1], dice, groups)
        return groups[value[0]]
    if kind == "GROUPREF":
        return groups.get(value, "")
    if kind in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
        least, most, inner = value
        count = dice.choice([least, least, min(int(most), least + 1), min(int(most), least + 3)])
        return "".join(write(inner, dice, groups) for _ in range(count))
    if kind == "ATOMIC_GROUP":
        return write(value, dice, groups)
    return ""                           # a place, or a look around


def of_class(items, dice):
    kinds = [str(kind) for kind, _ in items]
    if kinds[0] == "NEGATE":
        return dice.choice([other for other in OTHERS + "Qq#@" if not among(other, items[1:])] or [""])
    kind, value = dice.choice(items)
    if str(kind) == "RANGE":
        return chr(dice.randint(*value))
    if str(kind) == "CATEGORY":
        return dice.choice(IN_CATEGORY[str(value)])
    return chr(value)


def among(character, items):
    for kind, value in items:
        kind = str(kind)
        if kind == "LITERAL" and ord(character) == value:
            return True
        if kind == "RANGE" and value[0] <= ord(character) <= value[1]:
            return True
        if kind == "CATEGORY" and character in IN_CATEGORY[str(value)] + SPACES * ("NOT" not in str(value)):
            return True
    return False
