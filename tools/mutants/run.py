#!/usr/bin/env python3
"""Puts each small fault of mutants.py into the tree, runs the tests beside it, and says which of them caught it.

  tools/mutants/run.py                 all, some half an hour; writes docs/mutants.md
  tools/mutants/run.py WORD...         those whose names have one of these words; prints only

Refuses to run on files with changes that are not committed, and where tests fail without any fault. Puts back what it
changed. Fails if a fault is not caught, or if nothing could be run.
"""

import pathlib
import re
import subprocess
import sys

from mutants import MORE, MUTANTS

ROOT = pathlib.Path(__file__).resolve().parents[2]
TIMEOUT = 20  # seconds; a fault often shows as a test that does not end
HEAD = """# Faults that the tests were shown to find

Made by `tools/mutants/run.py`, which puts each of these faults into the queue, the pipeline and what stands in it, one at
a time, runs the tests beside it, then the slower ones if none failed, and puts the file back. Where many tests catch one,
three are named.

| fault | in | caught by |
|---|---|---|
"""


def run_tests(targets, config, timeout=TIMEOUT):
    """The names of the tests that failed, and what Bazel said if it could not build them."""
    command = ["./bazelw", "test", "--config=ci", "--keep_going", f"--test_timeout={timeout}", "--flaky_test_attempts=1",
               "--test_tag_filters=-manual", "--build_tests_only"]
    if config:
        base = subprocess.run(["./bazelw", "info", "--config=ci", "output_base"], cwd=ROOT, text=True, check=True,
                              stdout=subprocess.PIPE).stdout.strip()
        command = [command[0], f"--output_base={base}-{config}"] + command[1:] + [f"--config={config}", "--symlink_prefix=/"]
    done = subprocess.run(command + targets, cwd=ROOT, text=True, errors="replace", stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    if "FAILED TO BUILD" in done.stdout or done.returncode not in (0, 3):
        return [], done.stdout
    tests = re.findall(r"^\[  FAILED  \] ([\w/]+\.[\w/]+?)(?:,| \()", done.stdout, re.M)
    if not tests:  # a test that hung or crashed names itself last
        tests = [f"{name.split('/')[-1]} ({'does not end' if how == 'TIMEOUT' else 'crashes'})"
                 for how, name in re.findall(r"^(FAIL|TIMEOUT): (\S+)", done.stdout, re.M)]
    return list(dict.fromkeys(tests)), ""


def catch(name, path, there, instead, targets, config=""):
    file = ROOT / path
    good = file.read_text()
    if good.count(there) != 1:
        sys.exit(f"{name}: {path} must have this once, but has it {good.count(there)} times:\n{there}")
    try:
        file.write_text(good.replace(there, instead))
        tests, trouble = run_tests(targets, config)
        return (tests, trouble) if tests or trouble else run_tests(MORE, config, 5 * TIMEOUT)
    finally:
        file.write_text(good)


def main():
    words = sys.argv[1:]
    chosen = [m for m in MUTANTS if not words or any(word in m[0] for word in words)]
    files = sorted({m[1] for m in chosen})
    if subprocess.run(["git", "diff", "--quiet", "HEAD", "--", *files], cwd=ROOT).returncode != 0:
        sys.exit("commit or undo first: " + " ".join(files))
    for targets, config in {(tuple(m[4]), m[5] if len(m) > 5 else "") for m in chosen}:
        tests, trouble = run_tests(list(targets), config)
        if tests or trouble:
            sys.exit(f"without any fault: {', '.join(tests)}{trouble}")
    rows, missed = [], 0
    for mutant in chosen:
        tests, trouble = catch(*mutant)
        config = f" (under {mutant[5]})" if len(mutant) > 5 else ""
        caught = ", ".join(f"`{t}`" for t in tests[:3]) + (f" and {len(tests) - 3} more" if len(tests) > 3 else "")
        if trouble and "error:" in trouble:
            caught = "the compiler"
        elif trouble:
            sys.exit(f"{mutant[0]}: nothing could be run:\n{trouble}")
        elif not tests:
            missed += 1
            caught = "**nothing**"
        rows.append(f"| {mutant[0]} | `{mutant[1]}` | {caught}{config if tests else ''} |")
        print(rows[-1], flush=True)
    if not words:
        (ROOT / "docs" / "mutants.md").write_text(HEAD + "\n".join(rows) + "\n")
    print(f"{len(chosen) - missed} caught, {missed} not")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
