# usage: figures.py [LOGS [README]]
# Writes the figures of the tests' last run into README.md, whose rows the tests hold.  Before, in the clone:
#   bazel test //tests/attacks/mutants:all //tests/attacks/mutants:bytes_test
# Exit code 1 where a row of the README has no figures, or a suite of the logs no row.
import collections
import glob
import os
import re
import sys

folder = os.path.dirname(os.path.abspath(__file__))
clone = os.path.join(folder, "../../..")
logs = sys.argv[1] if len(sys.argv) > 1 else os.path.join(clone, ".bazel/testlogs/tests/attacks/mutants")
readme = sys.argv[2] if len(sys.argv) > 2 else os.path.join(folder, "README.md")

# A share of the bytes has a log of its own, which is none of these.
TESTS = ["bytes", "fields", "files", "later", "liars", "lines", "root"]
ROW = re.compile(r"(\| `[^`]*` \|[^|]*\|[^|]*\|[^|]*\|)(?: (\d+) \| (\d+) \| (\d+) \|)?")
TOTAL = re.compile(r"(.*): (\d+) mutants, (\d+) unnamed rejections, (\d+) accepted that ")
STATEMENTS = re.compile(r"bytes of statement vectors: \d+ mutants, \d+ another statement")


class Figures:
    def __init__(self):
        self.mutants = self.unnamed = self.accepted = 0

    def add(self, numbers):
        mutants, unnamed, accepted = (int(number) for number in numbers)
        self.mutants += mutants
        self.unnamed += unnamed
        self.accepted += accepted

    def overview(self, suite):
        named = self.mutants - self.unnamed - self.accepted
        return f"| {suite} | {self.mutants} | {named} | {self.unnamed} | {self.accepted} |\n"

    def row(self, words):
        return f"{words} {self.mutants} | {self.unnamed} | {self.accepted} |\n"


def logs_of(test):
    """Those of its last run: others may lie there from when it had more parts, or fewer."""
    paths = glob.glob(os.path.join(logs, test + "_test", "**", "test.log"), recursive=True)
    parts = {path: re.sub(r"shard_\d+_", "", os.path.relpath(path, logs)) for path in paths}
    newest = parts[max(paths, key=os.path.getmtime)] if paths else ""
    return [path for path in paths if parts[path] == newest]


def suite_of(title):
    """Several parts of a test may be one suite."""
    title = re.sub(r" of line \d+ of ", " of ", title)
    return re.sub(r"^words taken back by .*", "words taken back", title)


suites = collections.defaultdict(Figures)
rows = collections.defaultdict(Figures)  # (suite, the row's words)
statements = ""
for test in TESTS:
    for path in logs_of(test):
        printed = []  # rows stand before the line of their title
        with open(path, encoding="utf-8", errors="replace") as log:
            for line in log:
                if row := ROW.match(line):
                    printed.append(row)
                elif total := TOTAL.match(line):
                    suite = suite_of(total[1])
                    suites[suite].add(total.groups()[1:])
                    for row in printed:
                        rows[suite, row[1]].add(row.groups()[1:])
                    printed = []
                elif found := STATEMENTS.match(line):
                    statements = found[0]

wrong = []
text = []
title = ""
overview = False
left = dict(suites)
with open(readme, encoding="utf-8") as file:
    for line in file:
        if line.startswith("#"):
            title = line.lstrip("# ").rstrip()
            title = title[:1].lower() + title[1:]
            overview = line.startswith("## Figures of a run")
        suite = line.split("|")[1].strip() if line.startswith("| ") else ""
        if overview and suite == "all":
            everything = Figures()
            for one in suites.values():
                everything.add((one.mutants, one.unnamed, one.accepted))
            line = everything.overview("all")
        elif overview and suite and suite != "suite":
            if left.pop(suite, None) is None:
                wrong.append(f"no test printed the suite {suite}")
            line = suites[suite].overview(suite)
        elif row := ROW.match(line):
            if (title, row[1]) not in rows:
                wrong.append(f"{title}: no test printed the row {row[1]}")
            line = rows[title, row[1]].row(row[1])
        text.append(STATEMENTS.sub(lambda _: statements, line))
wrong += [f"README.md has no suite {suite}" for suite in left]
if not statements:
    wrong.append("no test printed the bytes of statement vectors")
if wrong:
    sys.exit("\n".join(wrong))
with open(readme, "w", encoding="utf-8") as file:
    file.write("".join(text))
print(everything.overview("all"), end="")
