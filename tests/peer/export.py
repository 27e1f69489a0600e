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
    if isinstance(a, h5py.Empty):
        return a == b
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
    if not v.size or v.dtype.str[1:] not in (
            "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"):
        return [f"{d.name}: {k} of nothing" for k in ("min", "max", "mean")
                if k in d.attrs]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        want = {"min": np.nanmin(v), "max": np.nanmax(v),
                "mean": np.nanmean(v, dtype=float)}
    bad = [f"{d.name}: {k} {d.attrs[k]} of {d.attrs[k].dtype}"
           for k in ("min", "max")
           if d.attrs[k].dtype != v.dtype.newbyteorder("=") or
           not np.array_equal(d.attrs[k], want[k], equal_nan=True)]
    if not np.isclose(d.attrs["mean"], want["mean"], equal_nan=True,
                      rtol=1e-6 if v.dtype == "f4" else 1e-12):
        bad.append(f"{d.name}: mean {d.attrs['mean']}, not {want['mean']}")
    return bad


def whole(a, b):
    """two objects that have to be the same"""
    if isinstance(a, h5py.Group) != isinstance(b, h5py.Group):
        return [f"{a.name}: another kind"]
    bad = attrs(a, b)
    if isinstance(a, h5py.Dataset):
        return bad + ([] if same(a[()], b[()]) else [f"{a.name} differs"])
    for k in set(a) ^ set(b):
        bad.append(f"{a.name}/{k}: on one side")
    for k in set(a) & set(b):
        x, y = (g.get(k, getlink=True) for g in (a, b))
        if not isinstance(x, h5py.HardLink):
            bad += [] if x.__dict__ == y.__dict__ else [f"{a.name}/{k}: link"]
        else:
            bad += whole(a[k], b[k])
    return bad


def stored(src, out, sel, n, is_all):
    """objects of the result against those of the source"""
    bad = attrs(src, out, ("experiment:event count",
                           "experiment:run identifier"))
    if out.attrs["experiment:event count"] != len(sel):
        bad.append("event count")
    want = {name: set(src[name]) for name in src
            if isinstance(src[name], h5py.Group)}
    for g in ("logs", "tables"):
        want[g] = {k if k in MARKS else "src_" + k for k in want.get(g, ())}
        for k in src.get(g, ()):
            to = f"{g}/{k}" if k in MARKS else f"{g}/src_{k}"
            bad += whole(src[g][k], out[to]) if to in out else [
                f"{to} is missing"]
    want["logs"].add("sliceout")
    for name in src:
        if name not in ("events", "logs", "tables", "basins"):
            bad += whole(src[name], out[name])
    for name in out:
        if isinstance(out[name], h5py.Group) and name != "basins":
            bad += [f"{name}/{k}: on one side"
                    for k in set(out[name]) ^ want.get(name, set())
                    if "basins" not in src or not k.startswith("basinmap")]
    bad += attrs(src["events"], out["events"])

    def rows(a, b, skip=()):
        cut = len(a) == n or dclab.dfn.feature_exists(a.name[8:])
        if not same(a[:n][sel] if cut else a[()], b[()]):
            bad.append(f"{a.name} differs")
        bad.extend(attrs(a, b, skip))

    for k, d in src["events"].items():
        o = out["events"].get(k)
        if o is None:
            continue
        if k == "contour":
            if len(o) != len(sel):
                bad.append("number of contours")
            for i, s in enumerate(sel):
                bad += whole(d[str(s)], o[str(i)])
        elif isinstance(d, h5py.Group):
            if set(d) != set(o):
                bad.append(f"members of {k}")
            for t in set(d) & set(o):
                rows(d[t], o[t])
        else:
            if k != "index" or is_all:
                rows(d, o, ("min", "max", "mean"))
            elif list(o) != list(range(1, len(sel) + 1)):
                bad.append("index does not count")
            if o.ndim == 1:
                bad.extend(stats(o))
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
                            np.nanmax(v) != np.nanmax(b[f])):
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
    with h5py.File(path) as a, h5py.File(out) as b:
        bad = stored(a, b, sel, n, sel == list(range(n)))
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
    fit = sorted(k for k in ev if ev[k].dtype.kind not in "OV")
    for k in RND.sample(fit, min(3, len(fit))):
        v = ev[k][sel]
        # NumPy would say that h5py made it
        v = v.astype(np.dtype(v.dtype.str).newbyteorder("="))
        np.save(tmp / "want.npy", v)
        rc, err = sliceout("-e", ranges(sel), "-F", k, "--as", "npy", "-o",
                           tmp / "is.npy", path)
        if rc or (tmp / "is.npy").read_bytes() != \
                (tmp / "want.npy").read_bytes():
            bad.append(f"npy: {k} {err}")
        rc, err = sliceout("-e", ranges(sel), "-F", k, "--as", "raw", "-o",
                           tmp / "is.raw", path)
        if k == "mask":
            v = np.where(v, np.uint8(255), np.uint8(0))
        if rc or (tmp / "is.raw").read_bytes() != v.tobytes():
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


def chain(tmp):
    """a part of a part, elsewhere, with a relative path in between"""
    a, b, c, d = (tmp / x for x in ("a.rtdc", "b.rtdc", "sub/c.rtdc",
                                    "sub/d.rtdc"))
    (tmp / "sub").mkdir()
    with h5py.File(a, "w") as h:
        h.attrs.update({"experiment:event count": 90,
                        "experiment:run identifier": "aa",
                        "imaging:pixel size": .34})
        h["events/deform"] = np.linspace(0, 1, 90)
        h["events/temp"] = np.linspace(3, 4, 90)
        h["events/image"] = np.frombuffer(
            RND.randbytes(2700), "u1").reshape(90, 6, 5)
    first = sorted(RND.sample(range(90), 50))
    second = sorted(RND.sample(range(50), 20))
    want = np.array(first)[second]
    bad = []
    for args in (["-e", ranges(first), "-F", "deform", "--source", "-o", b,
                  a],
                 ["-e", ranges(second), "-o", c, b],
                 ["-e", "0:20", "-F", "image,temp", "-o", d, c]):
        rc, err = sliceout(*args)
        if rc:
            return [err]
        if args[-1] == a:
            with h5py.File(b, "a") as h:
                k = list(h["basins"])[0]
                text = b"\n".join(h["basins"][k][:]).decode()
                del h["basins"][k]
                text = text.replace(f'"{a}",', '"gone.rtdc",')
                assert "gone.rtdc" in text
                h["basins/x"] = np.array(text.encode().split(b"\n"))
    with h5py.File(a) as h, h5py.File(d) as e:
        ev = {k: v[:][want] for k, v in h["events"].items()}
        if "basins" in e or set(e["events"]) != {"image", "temp"}:
            bad.append("chain: more than was asked for")
        bad += [f"chain: {k} copied" for k in e["events"]
                if not same(e["events"][k][:], ev[k])]
    os.chdir("/")
    with warnings.catch_warnings(record=True) as w:
        warnings.simplefilter("always")
        with dclab.new_dataset(c) as ds:
            bad += [f"chain: {k} in dclab" for k in ev
                    if k not in ds or not same(ds[k][:], ev[k])]
        with dcnum.read.HDF5Data(c) as ds:
            bad += [f"chain: {k} in dcnum" for k in ev
                    if not np.array_equal(ds[k][:], ev[k])]
    return bad + [f"chain: {x.message}" for x in w]


def odd(path, n):
    """what no measurement has, and what few have"""
    r = np.random.default_rng(n)
    with h5py.File(path, "w") as h:
        h.attrs.update({
            "experiment:event count": n, "experiment:date": "2020-01-01",
            "experiment:time": "10:00:00", "experiment:sample": "s",
            "experiment:run index": 1, "setup:identifier": "ZMDD",
            "user:long": "ü" * 30000, "user:array": np.eye(3),
            "user:bool": np.bool_(True), "imaging:pixel size": .34})
        e = h.create_group("events")
        e.attrs["more"] = 3
        for i, v in enumerate([
                np.array([2**63 + 5, 2**64 - 1, 0] * n, "u8")[:n],
                r.integers(-2**62, 2**62, n), np.full(n, np.nan),
                np.where(np.arange(n) % 2, np.nan, np.arange(n)).astype("f4"),
                r.random(n).astype(">f8"), r.random(n).astype("f2"),
                r.integers(-9, 9, n).astype("i1")]):
            e.create_dataset(f"userdef{i}", data=v, maxshape=(None,),
                             chunks=(5,), compression=[None, "gzip"][i % 2],
                             shuffle=i % 3 == 1, fletcher32=i % 2 == 0)
        e["userdef5"].attrs["max"] = 7.
        e["fl1_max"] = r.integers(-9, 9, n).astype("i2")
        e["index"] = np.arange(1, n + 1, dtype="f4")
        e.create_dataset("image", data=r.integers(0, 255, (n, 9, 11), "u1"),
                         chunks=(4, 5, 6), maxshape=(None, 9, 11))
        e["mask"] = r.integers(0, 2, (n, 9, 11)).astype("?")
        e["trace/fl1_raw"] = r.integers(-99, 99, (n, 17)).astype("i2")
        e["odd_flag"] = r.integers(0, 2, n).astype("?")
        e["odd_axes"] = r.random((n, 2, 3, 1, 2))
        e["odd_length"] = r.random((n + 1, 2))
        e["odd_text"] = np.array([b"a%d" % i for i in range(n)], "S9")
        e["odd_pairs"] = np.zeros(n, dtype=[("a", "i4"), ("b", "f8", (2,))])
        e.create_dataset("odd_vlen", data=["v%d" % i for i in range(n)],
                         dtype=h5py.string_dtype())
        g = h.create_group("odd/deep")
        g.attrs["x"] = [1, 2, 3]
        g["scalar"] = 3.5
        g["null"] = h5py.Empty("i4")
        g.create_dataset("text", data=["é", "b"], dtype=h5py.string_dtype())
        g.create_dataset("ragged", (2,), h5py.vlen_dtype("i4"))[0] = [1, 2]
        g["soft"] = h5py.SoftLink("/events/userdef0")
        g["gone"] = h5py.ExternalLink("none.h5", "/a")
        h["loose"] = np.arange(4)
        h.create_dataset("logs/empty", (0,), "S10")
        h["logs/long"] = np.array([b"x" * 3000, b""], "S3000")
        h["tables/t"] = np.zeros((3, 1), dtype=[("a", "f8"), ("b", "f8")])


def main():
    files = sorted(DATA.glob("rtdc/*.rtdc")) + sorted(
        DATA.glob("hdf5-2.0/*.rtdc"))
    nbad = 0
    with tempfile.TemporaryDirectory(prefix="dcor-peer.") as tmp:
        tmp = pathlib.Path(tmp)
        for n in 0, 1, 40:
            odd(tmp / f"odd{n}.rtdc", n)
            files.insert(0, tmp / f"odd{n}.rtdc")
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
        bad = chain(tmp)
        nbad += bool(bad)
        print(f"{'not ' * bool(bad)}ok {len(files) + 1} - parts of parts")
        for line in bad:
            print("#   " + line)
    print(f"1..{len(files) + 1}")
    return nbad > 0


if __name__ == "__main__":
    sys.exit(main())
