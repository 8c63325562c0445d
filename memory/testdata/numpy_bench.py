# Times NumPy on the operations of BenchmarkArray: {"name": nanoseconds}, the
# best of several runs each.
import json
import sys
import time

import numpy as np

n = int(sys.argv[1])
side = int(n**0.5)


def best(f):
    f()
    least = None
    for _ in range(5):
        start = time.perf_counter_ns()
        f()
        took = time.perf_counter_ns() - start
        least = took if least is None else min(least, took)
    return least


out = {}
for name in ["f8", "i8", "f4", "i4", "i2", "i1", "u1", "c16", "?", ">f8"]:
    t = np.dtype(name)
    a = (np.arange(n) % 2 if name == "?" else np.arange(n) % 100).astype(t)
    b = a.copy()
    c = np.empty_like(a)
    m = a[: side * side].reshape(side, side)
    mc = np.empty((side, side), t)
    wide = np.ones(2 * n, t)
    s = wide[::2]

    def fill():
        c.fill(1)

    def copy():
        c[...] = a

    def transposed():
        mc[...] = m.T

    for op, f in {
        "sum": lambda: a.sum(),
        "max": lambda: a.max(),
        "argmax": lambda: a.argmax(),
        "sum axis 0": lambda: m.sum(axis=0),
        "sum axis 1": lambda: m.sum(axis=1),
        "fill": fill,
        "copy": copy,
        "transposed copy": transposed,
        "as float": lambda: a.astype("f4", copy=False, casting="unsafe") if name != "f4" else a.astype("f8"),
        "as int32": lambda: a.astype("i4") if name != "i4" else a.astype("i8"),
        "add": lambda: np.add(a, b, out=c),
        "strided add": lambda: np.add(s, a, out=c),
        "multiply": lambda: np.multiply(a, b, out=c),
        "less": lambda: np.less(a, b),
    }.items():
        if name == "c16" and op in ("as int32", "as float"):
            continue
        out[op + "/" + name] = best(f)
json.dump(out, sys.stdout)
