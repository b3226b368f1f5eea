#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes dictionaries for the fuzzer, of names that the project's schemas and tables hold: FOLDER/TARGET.dict. Usage: tests/fuzz/words.py FOLDER"""
import os
import re
import sys

POLICIES = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "policies")


def text_of(*path):
    with open(os.path.join(POLICIES, *path), encoding="utf-8") as file:
        return file.read()


def write(target, words):
    with open(os.path.join(sys.argv[1], target + ".dict"), "w", encoding="utf-8") as file:
        for word in sorted(set(words)):
            file.write('"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"\n')


def names(schema):
    """Elements and attributes as they stand in a document, and the values of enumerations."""
    text = text_of("schema", schema)
    elements = re.findall(r'<\w+:element name="([\w-]+)"', text)
    attributes = re.findall(r'<\w+:attribute name="([\w-]+)"', text)
    return [f"<{e}>" for e in elements] + [f"</{e}>" for e in elements] + [f' {a}="' for a in attributes] + re.findall(r'enumeration value="([^"]+)"', text)


FACTS = ["$" + w for w in re.findall(r"\$([a-z.-]+)", text_of("kz-94v.xml"))]
IDS = re.findall(r"^[a-z-]+\t([a-z0-9-]+)", text_of("vocabulary.tsv"), re.M)
GRAMMAR = ["not(", "true()", "false()", " and ", " or ", " = ", " != ", " < ", " >= "]

write("policy", names("policy.xsd") + FACTS + IDS)
write("calendar", names("calendar.xsd"))
write("condition", FACTS + [f"'{i}'" for i in IDS] + GRAMMAR + ["$consent.", "$category.", "$reached.", "$age", "$attachment.link"])
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "event.dict"), encoding="utf-8") as file:
    EVENT = [line[1:-2].replace("\\\"", "\"").replace("\\\\", "\\") for line in file if line.startswith("\"")]
write("scenario", EVENT + [f'"{i}"' for i in IDS] + ['"expect":', '"event":"sweep"', '"outcome"', '"subject"', '"task"', '"audit"', '"decide"', '"categories":['])
