#!/usr/bin/env python3
"""Ours, stock DataFusion and DuckDB on the yardstick's questions: ratios from one interleaved run.

    python compare.py --program target/bench-lite/examples/yardstick --lake LAKE --questions QUERIES

LAKE is made by the yardstick's generator; QUERIES is its folder of questions in plain SQL (stock
DataFusion and DuckDB run those, ours runs the files beside this one). Needs duckdb and pyarrow from
PyPI. Every run is a fresh process; engines take turns within a question, so that whatever else the
machine does hits all alike. Times are medians of warm runs; answers are compared cell by cell.
"""

import argparse
import json
import pathlib
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).parent
TABLES = ["customers", "products", "orders", "order_items", "returns", "surveys", "tickets"]
ENGINES = ["aftersight", "datafusion", "duckdb"]


def duckdb_child(lake, sql, iters, out):
    """Runs a question in DuckDB and speaks the protocol of the native program."""
    import duckdb
    import pyarrow.parquet

    db = duckdb.connect()
    db.execute("set threads = 2")
    for table in TABLES:
        path = f"{lake}/{table}/**/*.parquet"
        db.execute(f"create view {table} as select * from read_parquet('{path}', hive_partitioning = true)")
    text = pathlib.Path(sql).read_text()
    for i in range(iters):
        before, start = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
        table = db.execute(text).to_arrow_table()
        wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        print(json.dumps({"wall": wall, "cpu": cpu, "rows": table.num_rows}))
        if i == 0 and out:
            pyarrow.parquet.write_table(table, out)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"maxrss_kb": peak, "version": duckdb.__version__}))


def command(args, engine, question, out):
    plain = pathlib.Path(args.questions) / f"{question}.sql"
    common = ["--data", args.lake, "--iters", str(args.iters), "--out", out]
    if engine == "aftersight":
        return [args.program, "--sql", str(HERE / f"{question}.sql"), *common]
    if engine == "datafusion":
        return [args.program, "--sql", str(plain), "--set", "engine=stock", *common]
    return [sys.executable, __file__, "--child", str(plain), "--lake", args.lake, "--iters", str(args.iters), "--out", out]


def rows(path):
    """The rows of an answer, in an order that does not depend on the engine."""
    import pyarrow.parquet

    table = pyarrow.parquet.read_table(path)

    def plain(value):
        if hasattr(value, "isoformat"):
            return value.isoformat()[:10]
        if value is None or isinstance(value, str):
            return value
        return float(value)

    columns = [[plain(v) for v in column.to_pylist()] for column in table.columns]
    return sorted(zip(*columns), key=lambda row: [(v is not None, str(v) if isinstance(v, str) else v or 0.0) for v in row])


def same(a, b):
    def close(x, y):
        if isinstance(x, float) and isinstance(y, float):
            return abs(x - y) <= 1e-9 * max(1.0, abs(x), abs(y))
        return x == y

    return len(a) == len(b) and all(all(map(close, x, y)) for x, y in zip(a, b))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program")
    parser.add_argument("--lake", required=True)
    parser.add_argument("--questions")
    parser.add_argument("--only", default="q01,q02,q03,q07,q11")
    parser.add_argument("--iters", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--child")
    parser.add_argument("--out")
    args = parser.parse_args()
    if args.child:
        duckdb_child(args.lake, args.child, args.iters, args.out)
        return
    print("| question | wall: ours / DataFusion | ours / DuckDB | CPU: ours / DataFusion | ours / DuckDB | peak MB: ours, DataFusion, DuckDB | answers |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for question in args.only.split(","):
        runs = {engine: {"wall": [], "cpu": [], "peak": []} for engine in ENGINES}
        answers = {}
        with tempfile.TemporaryDirectory() as folder:
            for round_no in range(args.rounds):
                for engine in random.Random(round_no).sample(ENGINES, len(ENGINES)):
                    out = f"{folder}/{engine}.parquet"
                    done = subprocess.run(command(args, engine, question, out), capture_output=True, text=True, check=True)
                    lines = [json.loads(line) for line in done.stdout.splitlines()]
                    # The first run of a process also plans, reads footers and warms up.
                    runs[engine]["wall"] += [line["wall"] for line in lines[1:-1]]
                    runs[engine]["cpu"] += [line["cpu"] for line in lines[1:-1]]
                    runs[engine]["peak"].append(lines[-1]["maxrss_kb"] / 1024)
                    answers.setdefault(engine, rows(out))
        middle = {e: {k: statistics.median(v) for k, v in r.items()} for e, r in runs.items()}
        ratio = lambda k, other: f"{middle['aftersight'][k] / middle[other][k]:.2f}"
        equal = all(same(answers["aftersight"], answers[e]) for e in ENGINES)
        peaks = ", ".join(f"{middle[e]['peak']:.0f}" for e in ENGINES)
        print(
            f"| {question} | {ratio('wall', 'datafusion')} | {ratio('wall', 'duckdb')} "
            f"| {ratio('cpu', 'datafusion')} | {ratio('cpu', 'duckdb')} | {peaks} | {'equal' if equal else 'DIFFER'} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
