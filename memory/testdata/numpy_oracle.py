# What NumPy makes of the programs on standard input, one JSON object a line:
# {"x": array, "ops": [[name, argument …], …]}. An array is
# {"dtype", "shape", "hex"}. For each program one line: the states after every
# operation, the result of which is what the next one works on.
import json
import sys
import warnings

import numpy as np

np.seterr(all="ignore")
warnings.simplefilter("ignore")


def array(spec):
    b = bytearray.fromhex(spec["hex"])
    return np.frombuffer(b, dtype=np.dtype(eval(spec["dtype"]))).reshape(spec["shape"])


def key(entries):
    out = []
    for e in entries:
        if e[0] == "i":
            out.append(e[1])
        elif e[0] == "s":
            out.append(slice(*e[1:]))
        else:
            out.append({"e": Ellipsis, "n": None}[e[0]])
    if Ellipsis not in out:
        out.append(Ellipsis)  # or NumPy makes a scalar of a single element
    return tuple(out)


def reshape(a, shape):
    a = a.view()
    a.shape = shape
    return a


def both(a, b):
    """NumPy 1 looks at the values of single elements: not here."""
    if (a.ndim == 0) != (b.ndim == 0):
        return np.atleast_1d(a), np.atleast_1d(b)
    return a, b


UFUNCS = {
    "add": np.add, "subtract": np.subtract, "multiply": np.multiply, "divide": np.true_divide,
    "minimum": np.minimum, "maximum": np.maximum, "equal": np.equal, "not equal": np.not_equal,
    "less": np.less, "less or equal": np.less_equal, "greater": np.greater, "greater or equal": np.greater_equal,
}


def binary(a, op, other, swap):
    x, y = both(a, array(other))
    if swap:
        x, y = y, x
    return np.asarray(UFUNCS[op](x, y))


def into(a, op, other):
    out = a.copy()
    x, y = both(out, array(other))
    UFUNCS[op](x, y, out=out, casting="same_kind")
    return out


def overlapping(a, to, frm):
    a = a.copy()
    a[key(to)] = a[key(frm)]
    return a


def accumulate(a, op, to, x, y):
    a = a.copy()
    UFUNCS[op](a[key(x)], a[key(y)], out=a[key(to)], casting="same_kind")
    return a


def fill(a, value):
    a = a.copy()
    a.fill(value)
    return a


def can_cast(frm, to, casting):
    """NumPy 1 asks what single elements hold: not here."""
    if not np.can_cast(frm, to, casting):
        raise TypeError("cannot cast")


def assign(a, other):
    a, other = a.copy(), array(other)
    can_cast(other.dtype, a.dtype, "same_kind")
    np.copyto(a, other, casting="same_kind")
    return a


def astype(a, t, casting):
    can_cast(a.dtype, t, casting)
    return a.astype(t, casting=casting)


OPS = {
    "select": lambda a, k: a[key(k)],
    "transpose": lambda a, axes: a.transpose(axes),
    "swapaxes": lambda a, i, j: a.swapaxes(i, j),
    "moveaxis": lambda a, i, j: np.moveaxis(a, i, j),
    "flip": lambda a, axes: np.flip(a, tuple(axes) if axes else None) if a.ndim else a[...],
    "reshape": reshape,
    "ravel": lambda a: reshape(a, (-1,)) if a.size else reshape(a, (0,)),
    "reshapecopy": lambda a, shape: a.copy().reshape(shape),
    "squeeze": lambda a, axes: a.squeeze(tuple(axes) if axes else None),
    "expand": lambda a, axis: np.expand_dims(a, axis),
    "broadcast": lambda a, shape: np.broadcast_to(a, shape),
    "diagonal": lambda a, k, i, j: a.diagonal(k, i, j),
    "asstrided": lambda a, shape, strides: np.lib.stride_tricks.as_strided(a, shape, strides),
    "viewas": lambda a, t: a.view(t),
    "neworder": lambda a, order: a.view(a.dtype.newbyteorder(order)),
    "byteswap": lambda a: a.copy().byteswap(inplace=True),
    "copy": lambda a: a.copy(),
    "astype": astype,
    "field": lambda a, name: a[name],
    "fill": fill,
    "assign": assign,
    "overlapping": overlapping,
    "accumulate": accumulate,
    "binary": binary,
    "into": into,
    "arrayequal": lambda a, other: np.asarray(np.array_equal(a, array(other))),
    "reduce": lambda a, name, axes, keep: np.asarray(getattr(np, name)(a, axis=tuple(axes) if axes else None, keepdims=keep)),
    "arg": lambda a, name, axis: np.asarray(getattr(np, name)(a, axis=axis)),
}


def state(a):
    f = a.flags
    return {
        "dtype": str(a.dtype.descr if a.dtype.names else a.dtype.str), "shape": a.shape, "strides": a.strides,
        "c": bool(f.c_contiguous), "f": bool(f.f_contiguous), "aligned": bool(f.aligned), "writeable": bool(f.writeable),
        "hex": a.tobytes().hex() if a.size <= 4096 else "", "str": str(a),
    }


for line in sys.stdin:
    program = json.loads(line)
    a = array(program["x"])
    states = [state(a)]
    for op, *args in program["ops"]:
        try:
            a = OPS[op](a, *args)
            states.append(state(a))
        except Exception as e:
            states.append({"error": "%s: %s" % (type(e).__name__, e)})
    json.dump(states, sys.stdout)
    sys.stdout.write("\n")
