#!/usr/bin/env python3
"""What every mart costs, and how that grows with the data: CPU seconds and peak memory, small lake to large.

    python benches/marts.py --program target/bench-lite/aftersight --small WORKSPACE [LAKE] --large WORKSPACE [LAKE]

Every mart is selected whole into a file in a process of its own, the two lakes in turn. The cost of a
process that asks nothing is taken off. A mart is linear when its growth is not above that of the rows;
below it are those whose cost is planning. Needs nothing but Python.
"""

import argparse
import os
import pathlib
import signal
import subprocess
import tempfile
import time


def run(program, workspace, sql, out, timeout):
    """CPU seconds, peak MB and wall seconds of one statement, or None where it failed."""
    place, *lake = workspace
    command = [program, "-w", place, *(["--data", lake[0]] if lake else []), "-c", sql, "-o", out, "--format", "csv"]
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        while True:
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
            if pid:
                break
            if time.perf_counter() - start > timeout:
                # Not `process.kill`, which takes the status that is waited for here.
                os.kill(process.pid, signal.SIGKILL)
            time.sleep(0.005)
    finally:
        process.returncode = 0
    if status:
        return None, process.stderr.read().decode().strip().splitlines()[:1]
    return (usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, time.perf_counter() - start), None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    parser.add_argument("--small", nargs="+", required=True, metavar=("WORKSPACE", "LAKE"))
    parser.add_argument("--large", nargs="+", required=True, metavar=("WORKSPACE", "LAKE"))
    parser.add_argument("--timeout", type=float, default=120)
    parser.add_argument("--only", nargs="*", help="marts, instead of all")
    options = parser.parse_args()
    folder = pathlib.Path(__file__).resolve().parent.parent / "sql" / "marts"
    marts = options.only or sorted(file.stem for file in folder.glob("*.sql"))
    lakes = [options.small, options.large]
    with tempfile.TemporaryDirectory() as scratch:
        out = f"{scratch}/rows.csv"
        ask = lambda lake, sql: run(options.program, lake, sql, out, options.timeout)
        idle = [ask(lake, "select 1 as one")[0] for lake in lakes]
        found = []
        for mart in marts:
            asked = [ask(lake, f"select * from marts.{mart}") for lake in lakes]
            if any(result is None for result, _ in asked):
                print(f"{mart}: failed: {[error for _, error in asked]}", flush=True)
                continue
            (small, large) = ((result[0] - base[0], result[1]) for (result, _), base in zip(asked, idle))
            found.append((large[0], mart, small, large))
            print(f"{mart}: {small[0]:.2f} {large[0]:.2f} s {small[1]:.0f} {large[1]:.0f} MB", flush=True)
    print("\n| mart | CPU s: small | large | growth | peak MB: small | large |\n| --- | ---: | ---: | ---: | ---: | ---: |")
    for _, mart, small, large in sorted(found, reverse=True):
        growth = large[0] / max(small[0], 0.01)
        print(f"| `{mart}` | {small[0]:.2f} | {large[0]:.2f} | {growth:.1f} | {small[1]:.0f} | {large[1]:.0f} |")


if __name__ == "__main__":
    main()
