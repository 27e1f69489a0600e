# SPDX-License-Identifier: GPL-3.0-or-later
# needs: dclab, dcnum
"""dcor-join beside NumPy, dclab-join and the readers of dclab and dcnum."""
import datetime
import itertools
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import warnings

import numpy as np

import peerlib
from peerlib import h5py

BIN = pathlib.Path(sys.executable).parent
JOIN = peerlib.B / "bin" / "dcor-join"
DATA = pathlib.Path(os.environ.get(
    "DCOR_TEST_DATA", pathlib.Path(__file__).parents[3] / "shared/data"))
LINES = h5py.string_dtype("utf-8")
ntest = nbad = 0


def check(name, problems):
    global ntest, nbad
    ntest += 1
    nbad += bool(problems)
    print(f"{'not ' * bool(problems)}ok {ntest} - {name}", flush=True)
    for line in problems[:12]:
        print("#   " + str(line))


def join(out, *inputs, args=()):
    r = subprocess.run([JOIN, "--json", "-f", *args, "-o", out, *inputs],
                       capture_output=True, text=True, timeout=300,
                       check=False)
    return r.returncode, r.stderr.strip(), r.stdout


def text(v):
    return v.decode() if isinstance(v, bytes) else str(v)


def start(h):
    """When a measurement began, and its number"""
    t = text(h.attrs["experiment:time"])
    day = datetime.date.fromisoformat(text(h.attrs["experiment:date"]))
    sec = day.toordinal() * 86400
    sec += sum(int(x) * f for x, f in zip(t[:8].split(":"), (3600, 60, 1)))
    return sec, float("0" + t[8:]), int(h.attrs.get("experiment:run index",
                                                    0))


def stored(h):
    """name -> (values, rows of the events or None) of what a file has"""
    out = {}
    for k, d in h["events"].items():
        if k == "trace":
            out.update((f"trace/{n}", (t, None)) for n, t in d.items())
        elif isinstance(d, h5py.Dataset) and not k.startswith("basinmap"):
            out[k] = (d, None)
    for d in h.get("basins", {}).values():
        b = json.loads("\n".join(peerlib.decode(d[:])))
        if b["type"] != "internal":
            continue
        for k in b["features"]:
            if k not in out:
                out[k] = (h["basin_events"][k],
                          h["events"][b["mapping"]][:].astype(int))
    return out


def wanted(paths, without=()):
    """What the joined file must have: feature -> values, by NumPy alone"""
    hs = sorted((h5py.File(p) for p in paths), key=start)
    every = [stored(h) for h in hs]
    n = [min(len(v[1] if v[1] is not None else v[0])
             for v in e.values() if len(v[0])) if any(
                 len(v[0]) for v in e.values()) else 0 for e in every]
    n = [min(k, int(h.attrs.get("experiment:event count", k)) or k)
         for k, h in zip(n, hs)]
    live = [i for i in range(len(hs)) if n[i]] or list(range(len(hs)))
    t0 = start(hs[0])
    names = set.union(*(set(every[i]) for i in live))
    out = {}
    for name in names - set(without):
        parts, last = [], -1
        for i in live:
            h, (d, m) = hs[i], every[i].get(name, (None, None))
            sec, frac, _ = start(h)
            offset = (sec - t0[0]) + (frac - t0[1])
            rate = float(h.attrs.get("imaging:frame rate", 0))
            if name == "time" and rate and "frame" in every[i] and (
                    d is None or d.dtype == np.float32):
                v = every[i]["frame"][0][:n[i]].astype(float) / rate + offset
            elif name == "index":
                v = np.arange(n[i]) + 1 + sum(n[:i])
            elif d is None:
                break
            elif m is not None:
                v = d[:][m[:n[i]]]
            elif name == "time":
                v = d[:n[i]] + offset
            elif name == "frame":
                if offset and not rate:
                    break
                v = d[:n[i]].astype(np.uint64) + np.uint64(
                    round(offset * rate))
            elif name == "index_online":
                v = d[:n[i]].astype(np.int64) + last + 1
                last = max(v, default=last)
            else:
                v = d[:n[i]]
            if v.dtype == bool:
                v = v.astype(np.uint8) * (255 if name == "mask" else 1)
            parts.append(v)
        else:
            kinds = {p.dtype for p in parts}
            if kinds >= {np.dtype("u8"), np.dtype("i8")}:
                parts = [p.astype("i8") for p in parts]
            out[name] = np.concatenate(parts)
    for h in hs:
        h.close()
    return out, sum(n)


def contours(path):
    with h5py.File(path) as h:
        g = h["events"].get("contour", {})
        return [g[str(i)][:] for i in range(len(g))]


def compare(path, want, n, exact_types=True):
    bad = []
    with h5py.File(path) as h:
        have = stored(h)
        if h.attrs["experiment:event count"] != n:
            bad.append(f"{h.attrs['experiment:event count']} events, not {n}")
        if set(have) != set(want):
            bad.append(f"features: {sorted(set(have) ^ set(want))}")
        for k in sorted(set(have) & set(want)):
            d, m = have[k]
            v = d[:] if m is None else d[:][m]
            w = want[k]
            if not np.array_equal(v, w, equal_nan=v.dtype.kind == "f"):
                bad.append(f"{k}: values {v.dtype} {v.shape} {w.shape}")
            if exact_types and v.dtype.newbyteorder("=") != \
                    w.dtype.newbyteorder("=") and k not in (
                    "index", "frame", "index_online"):
                bad.append(f"{k}: {v.dtype}, not {w.dtype}")
            if v.ndim == 1 and n and m is None and len(v):
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    ext = [np.nanmin(v), np.nanmax(v),
                           np.nanmean(v, dtype=float)]
                got = [d.attrs[x] for x in ("min", "max", "mean")]
                if not np.allclose(ext, got, rtol=1e-12, equal_nan=True):
                    bad.append(f"{k}: min, max, mean {got}, not {ext}")
    return bad


def verdict(path):
    """What dclab finds wrong"""
    r = subprocess.run([BIN / "dclab-verify-dataset", path], text=True,
                       capture_output=True, check=False)
    return {x for x in r.stdout.splitlines() if x.startswith(
        ("- ", " - ", "\033[3"))} | ({"crash"} if r.returncode == 4 else set())


def dclab_warnings(path):
    """Reads everything with dclab; what it warns of"""
    import dclab
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        with dclab.new_dataset(path) as ds:
            for feat in ds.features_innate:
                v = ds[feat]
                if feat == "trace":
                    v = [v[k][-1] for k in v]
                elif len(v) != len(ds):
                    return {f"{feat}: {len(v)} of {len(ds)}"}
                elif len(ds):
                    v[len(ds) - 1]
    return {str(w.message) for w in seen if "dclab" in str(w.filename)}


def dcnum_reads(path, n):
    from dcnum.read import HDF5Data
    with HDF5Data(path) as d:
        if len(d) != n:
            return [f"dcnum: {len(d)} events"]
        if "image" in d and n:
            d["image"][n - 1]
    return []


def opens(path, inputs, n):
    bad = []
    new = dclab_warnings(path)
    for p in inputs:
        new -= dclab_warnings(p)
    bad += [f"dclab: {x}" for x in new]
    bad += dcnum_reads(path, n)
    new = verdict(path)
    for p in inputs:
        new -= verdict(p)
    return bad + [f"verify: {x}" for x in new]


META = {"experiment:date": "2024-05-17", "experiment:time": "12:00:00",
        "experiment:run index": 1, "experiment:sample": "s",
        "imaging:frame rate": 1000.0, "imaging:pixel size": 0.34,
        "imaging:flash device": "LED", "imaging:flash duration": 2.0,
        "imaging:roi position x": 1, "imaging:roi position y": 1,
        "imaging:roi size x": 30, "imaging:roi size y": 20,
        "setup:channel width": 20.0, "setup:chip region": "channel",
        "setup:flow rate": 0.06, "setup:flow rate sample": 0.02,
        "setup:flow rate sheath": 0.04, "setup:identifier": "ID",
        "setup:medium": "water", "setup:module composition": "none",
        "setup:software version": "test 1"}


def make(path, n, seed=0, meta=(), image=True, chunk=True, **features):
    """A measurement; features: name -> values or None for none"""
    rng = np.random.default_rng(seed)
    feat = {"deform": rng.random(n), "area_um": rng.random(n) * 50,
            "frame": np.cumsum(rng.integers(1, 9, n)).astype("u8")}
    if image:
        feat["image"] = rng.integers(0, 256, (n, 20, 30), np.uint8)
        feat["mask"] = (rng.random((n, 20, 30)) < .3) * np.uint8(255)
    feat["time"] = feat["frame"] / 1000
    feat.update(features)
    with h5py.File(path, "w") as h:
        h.attrs.update({**META, "experiment:event count": n, **dict(meta)})
        h.require_group("events")
        for k, v in feat.items():
            if v is None:
                continue
            kw = {"chunks": True} if chunk and n else {}
            d = h.create_dataset(f"events/{k}", data=v, **kw)
            if np.ndim(v) == 3:
                d.attrs.update({"CLASS": np.bytes_("IMAGE"),
                                "IMAGE_VERSION": np.bytes_("1.2"),
                                "IMAGE_SUBCLASS":
                                np.bytes_("IMAGE_GRAYSCALE")})
    return path


def joined(name, tmp, inputs, warn=None, read=True, without=()):
    """Joins, compares with NumPy and with the readers"""
    out = tmp / "joined.rtdc"
    rc, err, _ = join(out, *inputs)
    if rc:
        check(name, [f"status {rc}: {err}"])
        return None
    want, n = wanted(inputs, without)
    bad = compare(out, want, n)
    parts = [contours(p) for p in inputs]
    if all(parts) and not (len(out_c := contours(out)) == n and all(
            map(np.array_equal, out_c, itertools.chain(*parts)))):
        bad.append("contours")
    if warn is not None and (warn not in err if warn else err):
        bad.append(f"warnings: {err!r}, not {warn!r}")
    if read:
        bad += opens(out, inputs, n)
    check(name, bad)
    return out


def generated(tmp):
    later = {"experiment:time": "12:10:00"}
    a = make(tmp / "a.rtdc", 100)
    b = make(tmp / "b.rtdc", 77, 1, later)
    c = make(tmp / "c.rtdc", 33, 2, {"experiment:date": "2024-05-18"})
    joined("two", tmp, [a, b], "")
    joined("two, named the other way", tmp, [b, a], "")
    joined("three", tmp, [c, a, b], "")
    joined("a file twice", tmp, [a, a], "given twice")
    ten = make(tmp / "ten.rtdc", 20, 3, {"experiment:run index": 10})
    nine = make(tmp / "nine.rtdc", 30, 4, {"experiment:run index": 9})
    joined("run 9 before run 10", tmp, [ten, nine], "")
    half = make(tmp / "half.rtdc", 20, 5, {"experiment:time":
                                           "12:00:00.500"})
    joined("half a second later", tmp, [half, a], "")
    few = make(tmp / "few.rtdc", 20, 6, later, deform=None, area_um=None,
               bright_avg=np.arange(20.))
    joined("neighbours are missing", tmp, [a, few], "area_um: missing in")
    joined("no images in one", tmp, [a, make(
        tmp / "dark.rtdc", 20, 7, later, image=False)], "image: missing in")
    none = make(tmp / "none.rtdc", 0, 8, later)
    bare = make(tmp / "bare.rtdc", 0, 8, later, image=False, time=None,
                deform=None, area_um=None, frame=None)
    joined("one without events", tmp, [a, none, b], "", read=False)
    joined("one without events and features", tmp, [b, bare], "",
           read=False)
    joined("none has events", tmp, [none, none], read=False)
    types = [make(tmp / f"t{i}.rtdc", 40, 9 + i, later, index_online=v,
                  userdef0=u, userdef1=w, mask=m, chunk=ck)
             for i, (v, u, w, m, ck) in enumerate((
                 (np.arange(40, dtype=">f4"), np.arange(40, dtype="u1"),
                  np.full(40, np.nan), np.ones((40, 20, 30), bool), False),
                 (np.arange(5, 45), np.arange(-20, 20, dtype="i1"),
                  np.arange(40, dtype="i4"),
                  np.zeros((40, 20, 30), np.uint8), True),
                 (np.arange(40, dtype="u2"), np.arange(40, dtype=">u4"),
                  np.arange(40, dtype="f4"),
                  np.ones((40, 20, 30), bool), True)))]
    for k in (2, 3):
        for p in itertools.permutations(types, k):
            names = " ".join(x.stem for x in p)
            joined(f"types {names}", tmp, p, "", read=k == 3)
    signs = [make(tmp / f"s{i}.rtdc", 10, 12 + i, later, nevents=v)
             for i, v in enumerate((
                 np.arange(10, dtype="u8") + 2**63 - 20,
                 np.arange(-5, 5, dtype="i8"),
                 np.arange(10, dtype="u8") + 2**63 + 5))]
    joined("64 bits with and without sign", tmp, signs[:2], "", read=False)
    rc, err, _ = join(tmp / "no.rtdc", *signs[1:])
    check("what no type holds is refused", [(rc, err)] if rc != 65 or
          "no common type" not in err or (tmp / "no.rtdc").exists() else [])
    neg = make(tmp / "neg.rtdc", 25, 15, later,
               fl1_max=np.linspace(-9, 9.7, 25), ml_class=np.full(25, -1))
    pos = make(tmp / "pos.rtdc", 25, 16, fl1_max=np.arange(25, dtype="u4"),
               ml_class=np.arange(25, dtype="u4"))
    joined("negative maxima and classes", tmp, [neg, pos], "", read=False)
    big = make(tmp / "big.rtdc", 20, 17, later, image=False,
               image_=None)
    with h5py.File(big, "a") as h:
        h["events/image"] = np.zeros((20, 20, 32), np.uint8)
    rc, err, _ = join(tmp / "no.rtdc", a, big)
    check("sizes of images differ", [(rc, err)] if rc != 65 or
          "image has not the size" not in err else [])
    long = make(tmp / "long.rtdc", 20, 18, later)
    with h5py.File(long, "a") as h:
        del h["events/mask"]
        h["events/mask"] = np.zeros((26, 20, 30), np.uint8)
        h["events/extra"] = np.arange(20) * 2
        h["events/words"] = np.array([b"x"] * 20)
        h["lab/notes"] = np.arange(3)
    joined("a mask that is too long", tmp, [a, long],
           "20 events are complete", read=False, without=["words"])
    joined("a group that is not known", tmp, [a, long],
           "long.rtdc: /lab is left out", read=False, without=["words"])
    for p, (k, v) in ((a, ("setup:flow rate", 0.12)),):
        odd = make(tmp / "odd.rtdc", 20, 19, {**later, k: v})
        joined("another flow rate", tmp, [p, odd], "flow rate is not")


def logs_and_tables(tmp):
    files = []
    for i, kind in enumerate(("S", "vlen")):
        p = make(tmp / f"l{i}.rtdc", 10, 20 + i,
                 {"experiment:time": f"12:0{i}:00", "user:note": f"n{i}"})
        with h5py.File(p, "a") as h:
            lines = ["first", "zwölf " * 40, ""]
            h["logs/notes"] = np.array([x.encode() for x in lines]) if \
                kind == "S" else np.array(lines, dtype=LINES)
            h.create_dataset("logs/empty", (0,), LINES)
            t = np.zeros((7, 1), [("a", "f8"), ("b", "f4")])
            t["a"][:, 0] = np.arange(7) + i
            h["tables/monitor"] = t
            h["tables/monitor"].attrs["COLOR_a"] = "#ff0000"
            h["tables/plain"] = np.arange(6.).reshape(2, 3)
        files.append(p)
    out = joined("with logs and tables", tmp, files, "")
    bad = []
    with h5py.File(out) as h:
        for i, p in enumerate(files):
            with h5py.File(p) as g:
                for k in ("notes", "empty"):
                    if peerlib.decode(h[f"logs/src-#{i + 1}_{k}"][:]) != \
                            peerlib.decode(g[f"logs/{k}"][:]):
                        bad.append(f"log {k} {i}")
                for k in ("monitor", "plain"):
                    x, y = h[f"tables/src-#{i + 1}_{k}"], g[f"tables/{k}"]
                    if x.dtype != y.dtype or not np.array_equal(
                            x[:], y[:]) or dict(x.attrs) != dict(y.attrs):
                        bad.append(f"table {k} {i}")
        was = text(h.attrs["experiment:run identifier"])
        log = json.loads("\n".join(peerlib.decode(h["logs/dcor-join"][:])))
        if [f["name"] for f in log["files"]] != [p.name for p in files]:
            bad.append(log)
        if h.attrs["user:note"] != "n0" or \
                h.attrs["experiment:run index"] != 1:
            bad.append("metadata of the first")
    import dclab
    with dclab.new_dataset(files[0]) as ds:
        if not was.startswith(ds.get_measurement_identifier() + "_"):
            bad.append(f"identifier {was}")
    check("logs, tables, identifier, metadata", bad)
    again = tmp / "again.rtdc"
    rc, err, _ = join(again, *files, args=["-j", "1"])
    check("the same bytes with one worker", [] if again.read_bytes() ==
          out.read_bytes() else [rc, err])
    # a joined file is a measurement: it can be joined
    joined("a joined file and another", tmp, [again, make(
        tmp / "next.rtdc", 12, 30, {"experiment:time": "13:00:00"})], "")


def internal(tmp):
    """Backgrounds that several events share stay shared"""
    import dclab
    files = []
    for i in range(2):
        p = make(tmp / f"i{i}.rtdc", 60, 40 + i,
                 {"experiment:time": f"12:0{i}:00"})
        bg = np.random.default_rng(i).integers(0, 256, (4, 20, 30), np.uint8)
        with dclab.RTDCWriter(p, mode="append") as w:
            w.store_basin(
                "backgrounds", "internal", "h5dataset", ["basin_events"],
                basin_descr="of the test", basin_feats=["image_bg"],
                basin_map=np.repeat(np.arange(4), 15).astype("u8"),
                internal_data={"image_bg": bg})
        files.append(p)
    out = joined("internal basins", tmp, files, "")
    with h5py.File(out) as h:
        check("are kept as such", [] if len(h["basin_events/image_bg"]) == 8
              and "image_bg" not in h["events"] else
              [list(h["basin_events"]), list(h["events"])])
    again = joined("joined again", tmp, [shutil.copy(
        out, tmp / "once.rtdc"), files[0]], "")
    with h5py.File(again) as h, h5py.File(tmp / "once.rtdc") as g:
        check("have one definition, the same", [] if list(h["basins"]) ==
              list(g["basins"]) and len(h["basins"]) == 1 else
              [list(h["basins"]), list(g["basins"])])
    tap = tmp / "tap.rtdc"
    with dclab.new_dataset(files[0]) as ds:
        ds.export.hdf5(tap, features=[], filtered=False, basins=True)
    rc, err, _ = join(tmp / "no.rtdc", files[1], tap)
    check("features that are elsewhere are not lost", [] if rc == 65 and
          "all of its features are in other files" in err else [rc, err])
    plain = make(tmp / "own.rtdc", 60, 42, {"experiment:time": "12:05:00"},
                 image_bg=np.zeros((60, 20, 30), np.uint8))
    out = joined("an internal basin and an own feature", tmp,
                 [files[0], plain], "")


def defective(tmp):
    """Features that dclab does not trust, by version of the software"""
    from dclab.rtdc_dataset.fmt_hdf5 import feat_defect
    n = ["aspect", "volume", "tilt", "inert_ratio_cvx", "inert_ratio_raw",
         "inert_ratio_prnc", "time"]
    f = make(tmp / "versions.rtdc", 4, image=False, **{
        k: np.ones(4) for k in n})
    bad = []
    dclab = [f"dclab {v}{x}" for v in ("0.36.0", "0.37.0", "0.37", "0.47.5",
                                       "0.47.6", "0.48.2", "0.48.3", "0.5.2",
                                       "0.100.0", "1.0")
             for x in ("", ".dev13", "rc1", ".post4+g552a4ac", "+local")]
    first = ["ShapeIn 2.0.6", "ShapeIn 2.0.7", "ShapeIn 2.0.4", "2.0.5",
             "2.0.4", "ShapeIn 2.1.0", "CytoShot 0.1", "ShapeIn 2.0.5.dev1"]
    versions = first + dclab + [f"{a} | {b}" for a in first for b in dclab]
    for i, v in enumerate(versions):
        with h5py.File(f, "a") as h:
            h.attrs["setup:software version"] = v
            h.attrs["imaging:roi size x"] = 600 if i % 3 else 300
            h.pop("logs", None)
            h.require_group("logs")
            if i % 2:
                h["logs/shapein-acquisition"] = np.array([b"x"])
            if i % 7 == 0:
                h["logs/dclab_issue_141"] = np.array([b"x"])
            want = {k for k in n if feat_defect.DEFECTIVE_FEATURES[k](h)}
        r = subprocess.run([JOIN, "-n", "--json", f, f], text=True,
                           capture_output=True, check=False)
        got = {x.split(": ")[1].split(" ")[0]
               for x in json.loads(r.stdout)["notes"] if "trusted" in x}
        if got != want:
            bad.append(f"{v}: {sorted(got)}, dclab {sorted(want)}")
    check(f"{len(versions)} versions of software", bad)


def beside_dclab(tmp, files, name):
    """dclab-join, where it can"""
    theirs, ours = tmp / "theirs.rtdc", tmp / "ours.rtdc"
    r = subprocess.run([BIN / "dclab-join", *files, "-o", theirs], text=True,
                       capture_output=True, check=False)
    rc, err, _ = join(ours, *files)
    if rc or r.returncode:
        check(f"dclab-join: {name}", [err] if rc else [])
        print(f"#   dclab-join cannot: {r.stderr.strip()[-70:]!r}"
              if r.returncode else "")
        return
    bad = []
    with h5py.File(ours) as a, h5py.File(theirs) as b:
        x, y = stored(a), stored(b)
        for k in sorted(set(y) - set(x)):
            # it computes what the first has and another lacks
            if all(k in stored(h5py.File(f)) for f in files):
                bad.append(f"{k}: only dclab-join")
        for k in set(x) & set(y):
            v, w = x[k][0][:], y[k][0][:]
            if x[k][1] is not None:
                v = v[x[k][1]]
            if len(w) != len(v):
                print(f"#   dclab-join writes {len(w)} of {k}")
                continue
            if w.dtype.kind == "u" and v.dtype.kind in "fi":
                v = np.clip(v, 0, None).astype(w.dtype)  # what it loses
            if w.dtype != v.dtype:
                v = v.astype(w.dtype)
            if not np.allclose(v, w, rtol=1e-6 if w.dtype == "f4" else 1e-12,
                               atol=1e-6 if k == "time" else 0,
                               equal_nan=True):
                bad.append(f"{k}: differs from dclab-join")
        for k in b["logs"]:
            if not k.startswith("src-#"):
                continue
            lines = [s for s in peerlib.decode(b["logs"][k][:]) if s]
            here = set(peerlib.decode(a["logs"][k][:]))
            bad += [f"{k}: {s!r} only dclab-join" for s in lines
                    if s not in here]
        for k in b.attrs:
            if k not in a.attrs:
                bad.append(f"attribute {k}: only dclab-join")
            elif k != "setup:software version" and not np.all(
                    b.attrs[k] == np.asarray(a.attrs[k]).astype(
                        np.asarray(b.attrs[k]).dtype)) and text(
                        a.attrs[k]) != text(b.attrs[k]):
                bad.append(f"attribute {k}: {a.attrs[k]!r}, dclab-join "
                           f"{b.attrs[k]!r}")
    check(f"dclab-join: {name}", bad)


def samples(tmp):
    """Every pair of measurements of one size, and each with itself"""
    files = sorted((DATA / "rtdc").glob("*.rtdc"))
    if not files:
        print(f"#   no samples in {DATA}")
        return
    for f in files:
        with h5py.File(f) as h:
            defective = {k for k in (
                "aspect", "volume", "inert_ratio_prnc", "inert_ratio_cvx",
                "inert_ratio_raw", "tilt") if k in h["events"]}
        import dclab
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with dclab.new_dataset(f) as ds:
                defective = {k for k in defective if not len(ds) == 0
                             and k not in ds.features_innate}
        joined(f"{f.stem} and itself", tmp, [f, f], without=[
            *defective], read=f.name != "M001_data.rtdc")
        beside_dclab(tmp, [f, f], f.stem)
    for pair in (("calibration_beads.rtdc", "calibration_beads_47.rtdc"),
                 ("calibration_beads_47.rtdc", "example_traces.rtdc"),
                 ("cytoshot_blood.rtdc", "cytoshot_shapeout_export.rtdc"),
                 ("blood_rbc_leukocytes.rtdc", "2020-10_image_bg.rtdc"),
                 ("M001_data.rtdc", "blood_rbc_leukocytes.rtdc")):
        beside_dclab(tmp, [DATA / "rtdc" / p for p in pair],
                     " and ".join(pair))


def main():
    tmp = pathlib.Path(tempfile.mkdtemp(prefix="dcor-peer."))
    generated(tmp)
    logs_and_tables(tmp)
    internal(tmp)
    defective(tmp)
    # not ten and nine, which dclab-join puts into the order of text
    for n in (("a", "b"), ("a", "few"), ("a", "half"),
              ("neg", "pos"), ("l0", "l1"), ("i0", "i1")):
        beside_dclab(tmp, [tmp / f"{x}.rtdc" for x in n], " ".join(n))
    samples(tmp)
    shutil.rmtree(tmp)
    print(f"1..{ntest}")
    return nbad > 0


if __name__ == "__main__":
    sys.exit(main())
