"""Random NumPy dtypes and ctypes structs, and what NumPy and ctypes say of them.

Reads {"seed": …, "count": …}, prints a list of cases.
"""
import ctypes
import json
import random
import sys

import numpy as np
from numpy.core._internal import _dtype_from_pep3118

SHARED = ["?", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8"]  # ctypes has them too
OURS = ["S1", "S5", "S0", "U3", "U1", "V4", "V1", "c8", "c16", "f16", "c32"]
NOBODYS = ["f2", "O", "M8[ns]", "m8[s]", "M8"]


class Generator:
    def __init__(self, seed):
        self.rnd = random.Random(seed)
        self.names = 0

    def chance(self, percent):
        return self.rnd.randrange(100) < percent

    def name(self):
        self.names += 1
        name = self.rnd.choice(["x", "some field", "é", "it's", 'a"b', "back\\slash", "_padding"])
        return f"{name}{self.names}" if self.chance(20) else f"f{self.names}"

    def scalar(self):
        n = self.rnd.randrange(100)
        kinds = SHARED if n < 80 else OURS if n < 98 else NOBODYS
        return np.dtype(self.rnd.choice(["<", ">", "="] if self.chance(30) else ["<"]) + self.rnd.choice(kinds))

    def dtype(self, depth=0):
        n = self.rnd.randrange(100)
        if n < 45 or depth > 2:
            t = self.scalar()
        elif n < 50:
            t = self.union(depth)
        elif n < 75:
            t = self.plain(depth)
        else:
            t = self.placed(depth)
        if self.chance(20):
            t = np.dtype((t, tuple(self.rnd.randrange(4) for _ in range(1 + self.rnd.randrange(3)))))
        return t

    def fields(self, depth, n):
        return [self.dtype(depth + 1) for _ in range(n)]

    def plain(self, depth):
        names = lambda: (self.name(), self.name()) if self.chance(15) else self.name()
        return np.dtype([(names(), t) for t in self.fields(depth, 1 + self.rnd.randrange(4))], align=self.chance(40))

    def placed(self, depth):
        formats = self.fields(depth, 1 + self.rnd.randrange(4))
        offsets, at = [], 0
        for t in formats:
            at += self.rnd.randrange(6) if self.chance(50) else 0
            if self.chance(6) and at > 1:
                at -= 1  # overlaps
            offsets.append(at)
            at += t.itemsize
        order = list(range(len(formats)))
        if self.chance(30):
            self.rnd.shuffle(order)
        at = max([at] + [o + t.itemsize for o, t in zip(offsets, formats)])
        return np.dtype({"names": [self.name() for _ in order], "formats": [formats[i] for i in order],
                         "offsets": [offsets[i] for i in order], "itemsize": at + (self.rnd.randrange(9) if self.chance(50) else 0)})

    def union(self, depth):
        formats = self.fields(depth, 2 + self.rnd.randrange(2))
        size = max(t.itemsize for t in formats) + (self.rnd.randrange(5) if self.chance(30) else 0)
        return np.dtype({"names": [self.name() for _ in formats], "formats": formats, "offsets": [0] * len(formats), "itemsize": size})

    SCALARS = "c_byte c_ubyte c_char c_short c_ushort c_int c_uint c_long c_ulong c_longlong c_ulonglong c_float c_double".split()
    NATIVE = "c_longdouble c_void_p c_char_p c_bool".split()

    def ctype(self, base, depth=0):
        n = self.rnd.randrange(100)
        native = base is ctypes.Structure
        if native and n < 10:
            t = getattr(ctypes, self.rnd.choice(self.NATIVE))
        elif native and n < 15:
            t = ctypes.POINTER(self.ctype(base, depth + 1))
        elif n < 75 or depth > 2:
            t = getattr(ctypes, self.rnd.choice(self.SCALARS))
        else:
            t = self.struct(base, depth)
        while self.chance(15):
            t = t * self.rnd.randrange(1, 4)
        return t

    def struct(self, base, depth=0):
        return type("S", (base,), {"_fields_": [(f"f{i}", self.ctype(base, depth + 1)) for i in range(1 + self.rnd.randrange(5))]})


def leaves(t):
    """All scalar dtypes in t."""
    if t.subdtype:
        return leaves(t.subdtype[0])
    if t.fields is not None:
        return [x for name in t.names for x in leaves(t.fields[name][0])]
    return [t]


def overlapping(t):
    if t.subdtype:
        return overlapping(t.subdtype[0])
    if t.fields is None:
        return False
    fields = sorted([t.fields[n][:2] for n in t.names], key=lambda f: f[1])
    if any(overlapping(f[0]) for f in fields):
        return True
    if len(fields) > 1 and fields[-1][1] == 0:
        return False
    return any(a[1] + a[0].itemsize > b[1] for a, b in zip(fields, fields[1:]))


def canonical(t):
    """What matters of a dtype: fields by offset, without titles; V is bytes."""
    if t.subdtype:
        inner, shape = canonical(t.subdtype[0]), list(t.subdtype[1])
        return inner if not shape else {"shape": shape, "of": inner} if "shape" not in inner else {"shape": shape + inner["shape"], "of": inner["of"]}
    if t.fields is not None:
        fields = sorted(([t.fields[n][1], i, n, canonical(t.fields[n][0])] for i, n in enumerate(t.names)), key=lambda f: f[:2])
        return {"fields": [[f[0], f[2], f[3]] for f in fields], "size": t.itemsize}
    if t.kind == "V":
        return {"shape": [t.itemsize], "of": {"scalar": "|u1"}}
    return {"scalar": t.str}


def places(t):
    """Offset of each field, [offset, size] by name."""
    if t.fields is None:
        return {}
    return {n: [t.fields[n][1], t.fields[n][0].itemsize] for n in t.names}


def kind_of(t):
    kinds = [x.str[1:] for x in leaves(t)]
    if any(k in NOBODYS or k[0] in "OMm" for k in kinds):
        return "nobody"
    return "shared" if all(k.replace("b1", "?") in SHARED for k in kinds) else "ours"


def printable(g):
    """A dtype as NumPy prints it and reads it back: it drops the alignment of
    nested structs, and some it cannot make, print or read.
    """
    while True:
        try:
            text = str(g.dtype())
            return text, read(text)
        except (ZeroDivisionError, ValueError, TypeError, SyntaxError):
            pass


def read(text):
    return np.dtype(eval(text) if text[:1] in "[{(" and text[-1:] in "]})" else text)


def numpy_case(text, t):
    c = {"text": text, "size": t.itemsize, "fields": places(t),
         "kind": kind_of(t), "overlapping": overlapping(t), "big": t.fields is None and t.base.fields is None and t.base.byteorder == ">",
         "canonical": canonical(t)}
    try:
        ct = np.ctypeslib.as_ctypes_type(t)
        c["ctypes"] = {"size": ctypes.sizeof(ct), "union": issubclass(ct, ctypes.Union),
                       "fields": {f[0]: getattr(ct, f[0]).offset for f in getattr(ct, "_fields_", []) if f[0]}}
    except NotImplementedError as e:
        c["refused"] = str(e)
    try:
        c["format"] = memoryview(np.zeros(1, t)).format if t.itemsize and not t.subdtype else None
    except (ValueError, RuntimeError, BufferError, NotImplementedError):
        c["format"] = None
    if c["format"]:
        # NumPy leaves padding out at times; what it reads itself counts.
        t = _dtype_from_pep3118(c["format"])
        c["formatSize"], c["formatFields"] = t.itemsize, places(t)
    return c


def dense(t):
    """Whether a ctypes type has no holes, which its format says nothing of."""
    if hasattr(t, "_length_"):
        return dense(t._type_)
    fields = getattr(t, "_fields_", None)
    return fields is None or all(dense(f[1]) for f in fields) and sum(ctypes.sizeof(f[1]) for f in fields) == ctypes.sizeof(t)


def ctypes_case(g, base):
    t = g.struct(base)
    while not dense(t):
        t = g.struct(base)
    return {"format": memoryview(t()).format, "size": ctypes.sizeof(t), "fields": {f[0]: getattr(t, f[0]).offset for f in t._fields_}}


def back(texts):
    """The canonical form of what was written."""
    out = []
    for dtype, fmt in texts:
        c = {}
        if dtype is not None:
            c["dtype"] = canonical(read(dtype))
        if fmt is not None:
            c["format"] = canonical(_dtype_from_pep3118(fmt))
        out.append(c)
    return out


if __name__ == "__main__":
    job = json.load(sys.stdin)
    if "texts" in job:
        answer = back(job["texts"])
    else:
        g = Generator(job["seed"])
        answer = {"numpy": [numpy_case(*printable(g)) for _ in range(job["count"])],
                  "ctypes": [ctypes_case(g, base) for _ in range(job["count"] // 2) for base in (ctypes.Structure, ctypes.BigEndianStructure)]}
    print(json.dumps(answer))
