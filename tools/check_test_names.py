#!/usr/bin/env python3
"""Checks that every test a document names exists under tests/: in back quotes `Suite.Name` of
googletest, or `x.test.mjs: its words` of tests/interop/.

Usage: tools/check_test_names.py DOCUMENT...
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent


def existing_tests():
    pattern = re.compile(r"^TEST(?:_F|_P)?\((\w+),\s*(\w+)\)", re.MULTILINE)
    return {f"{suite}.{name}" for path in (ROOT / "tests").rglob("*_test.cpp")
            for suite, name in pattern.findall(path.read_text())}


def interop_tests(file):
    path = ROOT / "tests" / "interop" / file
    return re.findall(r"\bit\(\s*[\"`](.*?)[\"`],", path.read_text()) if path.exists() else []


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__.strip())
    known = existing_tests()
    missing = 0
    for document in sys.argv[1:]:
        for number, line in enumerate(pathlib.Path(document).read_text().splitlines(), 1):
            for name in re.findall(r"`([A-Z]\w*\.[A-Z]\w*)`", line):
                if name not in known:
                    print(f"{document}:{number}: there is no test {name}")
                    missing += 1
            for file, name in re.findall(r"`([\w.-]+\.test\.mjs): ([^`]+)`", line):
                if name not in interop_tests(file):
                    print(f"{document}:{number}: there is no test {file}: {name}")
                    missing += 1
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
