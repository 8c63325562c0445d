# Tells for each line of JSON whether numpy.ctypeslib.ndpointer takes an array.
import json
import sys

import numpy as np

for line in sys.stdin:
    c = json.loads(line)
    base = np.zeros(c["base"], dtype=c["dtype"])
    a = base[tuple(slice(*s) for s in c["slices"]) + (Ellipsis,)]
    if c["transpose"]:
        a = a.T
    if c["readonly"]:
        a.flags.writeable = False
    kind = np.ctypeslib.ndpointer(
        dtype=c["want"] or None,
        ndim=c["ndim"] or None,
        shape=None if c["shape"] is None else tuple(c["shape"]),
        flags=c["flags"] or None,
    )
    try:
        kind.from_param(a)
        print("yes")
    except TypeError:
        print("no")
