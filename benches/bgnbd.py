"""bgnbd_fit beside the Python package lifetimes, on the same customers in the same run.

    python -m venv /tmp/venv && /tmp/venv/bin/pip install lifetimes pyarrow
    cargo build --profile bench-lite
    /tmp/venv/bin/python benches/bgnbd.py --program target/bench-lite/aftersight

Ours is timed as a whole process, start and Parquet included; lifetimes only from
arrays in memory to the fitted model. Both are then compared by parameters and
log-likelihood, because a fast wrong fit is no fit.
"""

import argparse
import json
import pathlib
import subprocess
import tempfile
import time

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq


def customers(n, seed=7):
    """A BG/NBD process by weeks: purchases at a Gamma rate, dropping out by a Beta chance."""
    rng = np.random.default_rng(seed)
    r, alpha, a, b = 0.6, 10.0, 0.9, 2.5
    age = rng.integers(27, 105, n)
    rate = rng.gamma(r, 1 / alpha, n)
    drop = rng.beta(a, b, n)
    x = np.zeros(n, np.int64)
    last = np.zeros(n)
    at = np.zeros(n)
    alive = np.ones(n, bool)
    while alive.any():
        at[alive] += rng.exponential(1 / rate[alive])
        alive &= at <= age
        x[alive] += 1
        last[alive] = at[alive]
        alive &= rng.random(n) >= drop
    t_x = np.where(x > 0, np.clip(np.ceil(last), 1, age), 0).astype(np.int64)
    return x, t_x, age


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    from lifetimes import BetaGeoFitter

    x, t_x, age = customers(options.customers)
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "customers.parquet"
        pq.write_table(pa.table({"x": x, "t_x": t_x, "age": age}), file)
        query = (
            "select m['r'] as r, m['alpha'] as alpha, m['a'] as a, m['b'] as b, "
            "m['log_likelihood'] as ll, m['converged'] as converged, m['n'] as n "
            f"from (select bgnbd_fit(x, t_x, age) as m from '{file}')"
        )
        ours, theirs = [], []
        for _ in range(options.rounds):
            start = time.perf_counter()
            out = subprocess.run(
                [options.program, "--format", "json", "-c", query],
                check=True, capture_output=True, cwd=folder,
            ).stdout
            ours.append(time.perf_counter() - start)
            start = time.perf_counter()
            fitter = BetaGeoFitter().fit(x, t_x, age)
            theirs.append(time.perf_counter() - start)
        fit = json.loads(out)[0]
        print("ours      ", {k: fit[k] for k in ("r", "alpha", "a", "b", "ll", "converged")})
        their_ll = -fitter._negative_log_likelihood(
            np.log(fitter.params_.values), x, t_x, age, np.ones(len(x)), 0.0
        ) * len(x)
        print("lifetimes ", dict(fitter.params_), {"ll": float(their_ll)})
        print(f"{options.customers} customers, medians of {options.rounds}: ours {np.median(ours):.2f} s, "
              f"lifetimes {np.median(theirs):.2f} s, ratio {np.median(theirs) / np.median(ours):.1f}")


if __name__ == "__main__":
    main()
