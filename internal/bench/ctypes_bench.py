"""What the benchmarks measure, in Python's ctypes: python3 ctypes_bench.py libbench.so

Prints a benchmark's name and nanoseconds a line, the best of several runs.
"""
import ctypes
import sys
import timeit

lib = ctypes.CDLL(sys.argv[1])


class Pair(ctypes.Structure):
    _fields_ = [("x", ctypes.c_double), ("y", ctypes.c_double)]


FN = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_double)


def declare(name, result, *args):
    f = getattr(lib, name)
    f.restype, f.argtypes = result, args
    return f


add = declare("add", ctypes.c_int, ctypes.c_int, ctypes.c_int)
fadd = declare("fadd", ctypes.c_double, ctypes.c_double, ctypes.c_double)
swap = declare("swap", Pair, Pair)
loop = declare("loop", ctypes.c_double, FN, ctypes.c_int)
total = declare("sum", ctypes.c_double, ctypes.POINTER(ctypes.c_double), ctypes.c_int)
pair = Pair(1, 2)
array = (ctypes.c_double * 1000)()
plus1 = FN(lambda x: x + 1)
assert add(2, 3) == 5 and fadd(2, 3) == 5 and swap(pair).x == 2 and loop(plus1, 3) == 3


def measure(name, f, calls, each=1):
    seconds = min(timeit.repeat(f, number=calls, repeat=5))
    print(name, seconds / calls / each * 1e9)


measure("Call2", lambda: add(2, 3), 100_000)
measure("Call2Float", lambda: fadd(2, 3), 100_000)
measure("ByValue", lambda: swap(pair), 50_000)
measure("Slice1000", lambda: total(array, 1000), 20_000)
measure("Callback", lambda: loop(plus1, 1000), 50, 1000)
