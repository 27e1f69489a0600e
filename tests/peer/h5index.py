# SPDX-License-Identifier: GPL-3.0-or-later
# needs: h5py, numpy
"""Chunk indexes as the HDF5 library of h5py writes them, read by h5index.

Needs h5py; with HDF5 2.0 the newest bounds mean layout messages of version
5.  Prints TAP.
"""
import math
import os
import subprocess
import sys
import tempfile

import h5py
import numpy as np

PROG = os.path.join(os.environ["B"], "tests", "h5chunks")
U = None
# name, extent, largest extent, chunks, what is written, options
CASES = [
    ("single", (10, 4), (10, 4), (10, 4), np.s_[:], {}),
    ("single_z", (10, 4), (10, 4), (10, 4), np.s_[:], {"compression": 1}),
    ("fixed", (20, 13, 11), (30, 13, 21), (7, 5, 3), np.s_[:], {}),
    ("fixed_z", (20, 13, 11), (30, 13, 21), (7, 5, 3), np.s_[:],
     {"compression": 1, "shuffle": True, "fletcher32": True}),
    ("fixed_pages", (50000,), (70000,), (1,), np.s_[100:40000], {}),
    ("fixed_pages_z", (50000,), (50000,), (1,), np.s_[20000:],
     {"fletcher32": True}),
    ("ext", (20, 13, 11), (U, 13, 11), (7, 5, 3), np.s_[:], {}),
    ("ext_second", (20, 40, 11), (21, U, 30), (7, 5, 3), np.s_[:],
     {"compression": 1}),
    ("ext_last", (5, 4, 60), (5, 9, U), (2, 3, 1), np.s_[:], {}),
    ("ext_many", (1000, 5), (U, 5), (1, 5), np.s_[:], {}),
    ("ext_pages", (700000,), (U,), (1,), np.s_[131000:480000], {}),
    ("ext_pages_z", (400000,), (U,), (1,), np.s_[262000:300000],
     {"fletcher32": True}),
    ("btree2", (20, 13, 11), (U, U, 11), (7, 5, 3), np.s_[:], {}),
    ("btree2_z", (20, 13, 11), (U, 20, U), (7, 5, 3), np.s_[:],
     {"compression": 1}),
    ("btree2_deep", (500, 600), (U, U), (1, 1), np.s_[50:450, ::2], {}),
    ("btree2_deep_z", (100, 150), (U, U), (1, 1), np.s_[:],
     {"fletcher32": True}),
    ("empty", (0, 4), (U, 4), (10, 4), None, {}),
    ("unwritten", (100, 4), (U, 4), (10, 4), None, {"fillvalue": 7}),
    ("contiguous", (100, 4), (100, 4), None, np.s_[:], {}),
    ("images", (3000, 8, 8), (U, 8, 8), (10, 8, 8), np.s_[:2995],
     {"compression": 4, "fletcher32": True}),
]
tests = failed = 0


def ok(good, name):
    global tests, failed
    tests += 1
    failed += not good
    print(f"{'' if good else 'not '}ok {tests} - {name}", flush=True)


def expected(d):
    """The lines h5chunks should print."""
    layout = 2 if d.chunks else 1
    dims = ",".join(str(n) for n in d.shape)
    chunk = ",".join(str(n) for n in d.chunks or [0] * d.ndim)
    plist = d.id.get_create_plist()
    filters = [str(plist.get_filter(i)[0])
               for i in range(plist.get_nfilters())]
    yield " ".join([f"dataset {h5py.h5o.get_info(d.id).addr} {d.ndim}"
                    f" ({dims}) ({chunk}) {d.dtype.itemsize} {layout}",
                    *filters])
    if not d.chunks:
        return
    grid = [math.ceil(n / c) for n, c in zip(d.shape, d.chunks)]
    found = []
    d.id.chunk_iter(found.append)
    lines = []
    for c in found:
        no = 0
        for g, off, size in zip(grid, c.chunk_offset, d.chunks):
            no = no * g + off // size
        lines.append((no, c.byte_offset, c.size, c.filter_mask))
    for line in sorted(lines):
        yield " ".join(str(v) for v in line)


def grows_elsewhere(d):
    """HDF5, up to 2.0 at least, lists an extensible array that grows along
    another axis than the first with wrong offsets; it reads it right."""
    return (d.chunks is not None and d.maxshape[0] is not None and
            d.maxshape.count(None) == 1)


def same_bytes(path, d, lines):
    """Whether what lies where h5index says is what HDF5 reads there."""
    grid = [math.ceil(n / c) for n, c in zip(d.shape, d.chunks)]
    with open(path, "rb") as raw:
        for line in lines:
            no, addr, size, mask = (int(v) for v in line.split())
            off = [int(i) * c
                   for i, c in zip(np.unravel_index(no, grid), d.chunks)]
            raw.seek(addr)
            if d.id.read_direct_chunk(tuple(off)) != (mask, raw.read(size)):
                print(f"# chunk {no} at {off}")
                return False
    return True


def compare(path, what):
    with h5py.File(path, "r") as f:
        for n in f:
            want = list(expected(f[n]))
            addr = want[0].split()[1]
            out = subprocess.run([PROG, path, addr], capture_output=True,
                                 text=True).stdout.splitlines()
            if grows_elsewhere(f[n]):
                good = out[0] == want[0] and len(out) == len(want)
            else:
                good = out == want
            if good and len(out) < 5000:
                good = same_bytes(path, f[n], out[1:])
            ok(good, f"{what}: {n}: {len(want) - 1} chunks")
            if not good:
                for a, b in zip(out, want + [""]):
                    if a != b:
                        print(f"# {a!r}\n# is not {b!r}")
                        break


def write(path, libver, **kw):
    with h5py.File(path, "w", libver=libver, **kw) as f:
        for name, shape, maxshape, chunks, part, opts in CASES:
            d = f.create_dataset(name, shape, "u4", maxshape=maxshape,
                                 chunks=chunks, **opts)
            if part is not None:
                n = np.arange(math.prod(shape), dtype="u4").reshape(shape)
                d[part] = n[part]
        d = f.create_dataset("grown", (3,), "f8", maxshape=(U,), chunks=(4,),
                             compression=1)
        for i in range(1, 300):
            d.resize((3 * i,))
            d[-3:] = i
        d = f.create_dataset("shrunk", (400, 30), "f8", maxshape=(U, U),
                             chunks=(4, 7))
        d[:] = 1
        d.resize((97, 15))
        d = f.create_dataset("masked", (64,), "u2", chunks=(4,),
                             compression=1, shuffle=True)
        d[:] = 1
        d.id.write_direct_chunk((8,), b"12345678", filter_mask=3)
        # larger than the chunk itself
        d.id.write_direct_chunk((12,), bytes(300))


def main():
    vers = [("earliest", "earliest", {}), ("v110", "v110", {}),
            ("latest", "latest", {}),
            ("latest, user block", "latest", {"userblock_size": 512}),
            ("latest, paged", "latest", {"fs_strategy": "page"})]
    print(f"# HDF5 {h5py.version.hdf5_version}")
    with tempfile.TemporaryDirectory() as tmp:
        for what, libver, kw in vers:
            path = os.path.join(tmp, "x.h5")
            write(path, libver, **kw)
            compare(path, what)
    print(f"1..{tests}")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
