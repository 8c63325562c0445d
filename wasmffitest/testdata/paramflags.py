"""What ctypes makes of prototypes: argv[1] is the shared library of proto.c,
each line of the input a case as JSON, each line of the output its result."""
import ctypes
import json
import sys

lib = ctypes.CDLL(sys.argv[1])
pint = ctypes.POINTER(ctypes.c_int)
proto = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int, pint, ctypes.c_int, pint, ctypes.c_int, pint)


def flag(p):
    f = [p["Flag"]]
    if p["Name"] or p["Default"] is not None:
        f.append(p["Name"] or None)
    if p["Default"] is not None:
        f.append(p["Default"])
    return tuple(f)


def argument(p, v):
    return ctypes.c_int(v) if p["Flag"] == 3 else v


def run(case):
    params = case["Params"]
    raw = []

    def check(result, func, args):
        raw.append(result)
        return args

    f = proto(("six", lib), tuple(flag(p) for p in params))
    f.errcheck = check
    ins = [p for p in params if p["Flag"] != 2]
    by_name = {p["Name"]: p for p in params if p["Name"]}
    args = [argument(ins[i], v) if i < len(ins) else v for i, v in enumerate(case["Args"])]
    named = {k: argument(by_name[k], v) if k in by_name else v for k, v in case["Named"].items()}
    try:
        outs = f(*args, **named)
    except TypeError:
        return {"Failed": True}
    n = sum(p["Flag"] != 1 for p in params)
    outs = [outs] if n == 1 else outs
    return {"Result": raw[0], "Outs": [getattr(o, "value", o) for o in outs]}


for line in sys.stdin:
    print(json.dumps(run(json.loads(line))))
