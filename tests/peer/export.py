# SPDX-License-Identifier: GPL-3.0-or-later
# needs: dclab, dcnum, h5py, numpy
"""Parts of measurements against h5py, numpy, dclab and dcnum.

Of every measurement that is there, random parts: each stored value, what
dclab and dcnum read (basins included), and dclab's verdict, which must not
be worse than that of the source.  PEER_N: parts of each (4), PEER_SEED:
other ones (1).
"""
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import warnings

os.environ["HDF5_USE_FILE_LOCKING"] = "FALSE"
import dclab  # noqa: E402
import dclab.rtdc_dataset.check
import dcnum.read
import h5py
import hdf5plugin  # noqa: F401 (registers the filter)
import numpy as np

B = pathlib.Path(os.environ.get("B", "build")).resolve()
DATA = pathlib.Path(os.environ.get(
    "DCOR_TEST_DATA", pathlib.Path(__file__).parents[3] / "shared/data"))
RND = random.Random(int(os.environ.get("PEER_SEED", "1")))
N = int(os.environ.get("PEER_N", "4"))
MARKS = ("dclab_issue_141", "shapein-acquisition")


def sliceout(*args):
    r = subprocess.run([B / "tests" / "sliceout", *map(str, args)],
                       capture_output=True, text=True, check=False)
    return r.returncode, r.stderr.strip()


def ranges(sel):
    """[0, 1, 5] -> 0:2,5:6"""
    out = []
    for i in sel:
        if out and out[-1][1] == i:
            out[-1][1] = i + 1
        else:
            out.append([i, i + 1])
    return ",".join(f"{a}:{b}" for a, b in out)


def selections(n):
    yield list(range(n))
    yield []
    if n < 2:
        return
    a = RND.randrange(n - 1)
    yield list(range(a, RND.randrange(a + 1, n) + 1))
    for _ in range(N):
        p = RND.choice([.02, .1, .5, .9])
        yield [i for i in range(n) if RND.random() < p]


def same(a, b):
    a, b = np.asarray(a), np.asarray(b)
    if a.dtype.kind == "O" or b.dtype.kind == "O":
        return a.shape == b.shape and all(
            same(x, y) for x, y in zip(a.ravel(), b.ravel())
        ) if a.ndim else text(a[()]) == text(b[()])
    if a.dtype.kind in "SU" or b.dtype.kind in "SU":
        return a.shape == b.shape and all(
            text(x) == text(y) for x, y in zip(a.ravel(), b.ravel()))
    if a.dtype.names:
        return a.shape == b.shape and a.dtype.names == b.dtype.names and all(
            same(a[k], b[k]) for k in a.dtype.names)
    return (a.dtype == b.dtype or a.dtype == b.dtype.newbyteorder()) and \
        a.shape == b.shape and a.tobytes() == b.astype(a.dtype).tobytes()


def text(x):
    return x if isinstance(x, bytes) else str(x).encode()


def attrs(a, b, skip=()):
    bad = [f"attribute {k} of {a.name}" for k in a.attrs
           if k not in skip and (k not in b.attrs or
                                 not same(a.attrs[k], b.attrs[k]))]
    return bad + [f"attribute {k} of {b.name} is new" for k in b.attrs
                  if k not in a.attrs and k not in skip]


def stats(d):
    """the three attributes tell the truth"""
    v = d[:]
    if not v.size:
        return [f"{d.name}: {k} of nothing" for k in ("min", "max", "mean")
                if k in d.attrs]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        want = {"min": np.nanmin(v), "max": np.nanmax(v),
                "mean": np.nanmean(v, dtype=float)}
    bad = [f"{d.name}: {k} {d.attrs[k]} of {d.attrs[k].dtype}"
           for k in ("min", "max") if d.attrs[k].dtype != v.dtype or
           not np.array_equal(d.attrs[k], want[k], equal_nan=True)]
    if not np.isclose(d.attrs["mean"], want["mean"], equal_nan=True,
                      rtol=1e-6 if v.dtype == "f4" else 1e-12):
        bad.append(f"{d.name}: mean {d.attrs['mean']}, not {want['mean']}")
    return bad


def stored(src, out, sel, n, whole):
    """objects of the result against those of the source"""
    bad, left = [], set()
    out.visit(left.add)
    left -= {"logs", "logs/sliceout"}

    def part(name, to, how, skip=()):
        left.discard(to)
        if to not in out:
            bad.append(f"{to} is missing")
            return
        if not same(how(src[name]), out[to][()]):
            bad.append(f"{name} differs")
        bad.extend(attrs(src[name], out[to], skip))

    for name in src:
        left.discard(name)
        if name == "events":
            continue
        if not isinstance(src[name], h5py.Group):
            part(name, name, lambda d: d[()])
            continue
        for k in src[name]:
            to = f"src_{k}" if name in ("logs", "tables") and \
                k not in MARKS else k
            if name == "basins":
                left.discard(f"basins/{k}")
                continue
            part(f"{name}/{k}", f"{name}/{to}", lambda d: d[()])
    ev = src["events"]
    for k in ev:
        to = f"events/{k}"
        if k == "contour":
            left.discard(to)
            for i, s in enumerate(sel):
                part(f"{to}/{s}", f"{to}/{i}", lambda d: d[()])
        elif isinstance(ev[k], h5py.Group):
            left.discard(to)
            for t in ev[k]:
                part(f"{to}/{t}", f"{to}/{t}", lambda d: d[:n][sel])
        elif k == "index" and not whole:
            left.discard(to)
            if list(out[to]) != list(range(1, len(sel) + 1)):
                bad.append("index does not count")
        else:
            part(to, to, lambda d: d[:n][sel], ("min", "max", "mean"))
        if to in out and isinstance(out[to], h5py.Dataset) and \
                out[to].ndim == 1:
            bad.extend(stats(out[to]))
    if "basins" in src:
        left = {x for x in left if not x.startswith(("basins/",
                                                     "events/basinmap"))}
    bad += [f"{x} is new" for x in sorted(left)]
    bad += attrs(src, out, ("experiment:event count",
                            "experiment:run identifier"))
    if out.attrs["experiment:event count"] != len(sel):
        bad.append("event count")
    return bad


def verdict(path):
    """violations and alerts, one for each feature, logs by their old name"""
    out = set()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            viol, alerts, _ = dclab.rtdc_dataset.check.check_dataset(path)
        except BaseException as e:
            return {type(e).__name__}
    for x in viol + alerts:
        if x.startswith("Negative value for feature(s): "):
            head, names = x.split(": ")
            out |= {f"{head}: {k}" for k in names.split(", ")}
        else:
            out.add(re.sub("Logs: (src_)*", "Logs: ", x))
    return out


def seen(path):
    """what dclab says on opening"""
    with warnings.catch_warnings(record=True) as w:
        warnings.simplefilter("always")
        with dclab.new_dataset(path) as ds:
            len(ds)
    return {str(x.message) for x in w}


def dclab_reads(path, out, sel):
    bad = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with dclab.new_dataset(path) as a, dclab.new_dataset(out) as b:
            bad += [f"dclab: {f} on one side" for f in
                    set(a.features_innate) ^ set(b.features_innate)
                    if not f.startswith("basinmap")]
            if len(b) != len(sel):
                bad.append("dclab: length")
            for f in b.features_loaded:
                if f in ("contour", "index") or f.startswith("basinmap"):
                    continue
                for k in b[f] if f == "trace" else [None]:
                    x, y = (a[f], b[f]) if k is None else (a[f][k], b[f][k])
                    for i in RND.sample(range(len(sel)), min(len(sel), 9)):
                        if not np.array_equal(x[sel[i]], y[i], equal_nan=True):
                            bad.append(f"dclab: {f} of event {i}")
                            break
                if f != "trace" and np.ndim(a[f]) == 1 and len(sel):
                    v = np.asarray(a[f][:])[sel]
                    if not np.array_equal(v, b[f][:], equal_nan=True) or (
                            not np.isnan(v).all() and
                            np.nanmax(v) != b[f][:].max()):
                        bad.append(f"dclab: {f}")
    return bad


def dcnum_reads(path, out, sel):
    bad = []
    with warnings.catch_warnings(record=True) as w:
        warnings.simplefilter("always")
        with dcnum.read.HDF5Data(path) as a:
            old = {str(x.message) for x in w}
            with dcnum.read.HDF5Data(out) as b:
                new = {str(x.message) for x in w}
                if len(b) != len(sel):
                    bad.append("dcnum: length")
                for f in ("image", "mask", "image_bg", "time", "deform"):
                    if f in a and len(sel):
                        i = RND.randrange(len(sel))
                        if not np.array_equal(a[f][sel[i]], b[f][i]):
                            bad.append(f"dcnum: {f}")
    return bad + [f"dcnum: {x}" for x in new - old]


def check(path, tmp, sel, n, opts):
    out = tmp / "part.rtdc"
    rc, err = sliceout("-f", "-e", ranges(sel), *opts, "-o", out, path)
    if rc:
        return [err]
    whole = sel == list(range(n))
    with h5py.File(path) as a, h5py.File(out) as b:
        bad = stored(a, b, sel, n, whole)
    if not sel:
        return bad
    bad += [f"verify: {x}" for x in verdict(out) - verdict(path)]
    bad += [f"dclab: {x}" for x in seen(out) - seen(path)]
    bad += dclab_reads(path, out, sel)
    bad += dcnum_reads(path, out, sel)
    return bad


def by_basin(path, tmp, sel, n, few):
    """a part with few features: dclab finds the others in the source"""
    out = tmp / "few.rtdc"
    rc, err = sliceout("-f", "-e", ranges(sel), "-F", few, "--source", "-o",
                       out, path)
    if rc:
        return [err]
    bad = [f"basin: {x}" for x in seen(out) - seen(path)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with dclab.new_dataset(path) as a, dclab.new_dataset(out) as b:
            for f in a.features_innate:
                if f in ("contour", "trace", "index") or f.startswith(
                        "basinmap") or not sel:
                    continue
                i = RND.randrange(len(sel))
                if f not in b or not np.array_equal(
                        a[f][sel[i]], b[f][i], equal_nan=True):
                    bad.append(f"basin: {f}")
    return bad


def arrays(path, tmp, sel, n):
    """.npy and .npz beside numpy's, and the plain bytes"""
    bad = []
    with h5py.File(path) as h:
        ev = {}
        h["events"].visititems(lambda k, d: ev.update(
            {k: d[:n]} if isinstance(d, h5py.Dataset) else {}))
    ev = {k: v for k, v in ev.items() if not k.startswith("contour/")}
    for k in RND.sample(sorted(ev), min(3, len(ev))):
        np.save(tmp / "want.npy", ev[k][sel])
        rc, err = sliceout("-e", ranges(sel), "-F", k, "--as", "npy", "-o",
                           tmp / "is.npy", path)
        if rc or (tmp / "is.npy").read_bytes() != \
                (tmp / "want.npy").read_bytes():
            bad.append(f"npy: {k} {err}")
        rc, err = sliceout("-e", ranges(sel), "-F", k, "--as", "raw", "-o",
                           tmp / "is.raw", path)
        if rc or (tmp / "is.raw").read_bytes() != ev[k][sel].tobytes():
            bad.append(f"raw: {k} {err}")
    rc, err = sliceout("-e", ranges(sel), "--as", "npz", "-o", tmp / "is.npz",
                       path)
    if rc:
        return bad + [err]
    with np.load(tmp / "is.npz") as z:
        known = {k for k in ev if "/" in k or
                 dclab.dfn.feature_exists(k)}
        bad += [f"npz: {k}" for k in known ^ set(z.files)]
        bad += [f"npz: {k} differs" for k in z.files
                if not same(z[k], ev[k][sel])]
    return bad


def main():
    files = sorted(DATA.glob("rtdc/*.rtdc")) + sorted(
        DATA.glob("hdf5-2.0/*.rtdc"))
    if not files:
        print("1..0 # SKIP no measurements")
        return 0
    nbad = 0
    with tempfile.TemporaryDirectory(prefix="dcor-peer.") as tmp:
        tmp = pathlib.Path(tmp)
        for i, path in enumerate(files):
            with h5py.File(path) as h:
                n = int(h.attrs["experiment:event count"])
                few = RND.choice([k for k in h["events"] if isinstance(
                    h["events"][k], h5py.Dataset)] + [""])
            bad = []
            for sel in selections(n):
                for x in check(path, tmp, sel, n, RND.choice(
                        [[], ["-j1"], ["--level", 1]])) + \
                        by_basin(path, tmp, sel, n, few) + \
                        arrays(path, tmp, sel, n):
                    bad.append(f"{ranges(sel)[:40]}: {x}")
            nbad += bool(bad)
            print(f"{'not ' * bool(bad)}ok {i + 1} - {path.name}", flush=True)
            for line in bad[:12]:
                print("#   " + line)
    print(f"1..{len(files)}")
    return nbad > 0


if __name__ == "__main__":
    sys.exit(main())
