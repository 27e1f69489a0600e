# SPDX-License-Identifier: GPL-3.0-or-later
# needs: dclab, h5py, hdf5plugin, numpy
"""dcor-pack beside dclab-compress, -repack and -condense.

Every object, value and attribute of a result is compared by h5py with the
input, for all samples and for a file with everything that HDF5 can store.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import warnings

os.environ["HDF5_USE_FILE_LOCKING"] = "FALSE"
import dclab  # noqa: E402
import h5py  # noqa: E402
import hdf5plugin  # noqa: E402
import numpy as np  # noqa: E402

B = pathlib.Path(os.environ.get("B", "build")).resolve()
DATA = pathlib.Path(os.environ.get(
    "DCOR_TEST_DATA", pathlib.Path(__file__).parents[3] / "shared/data"))
PACK = str(B / "bin" / "dcor-pack")
BINDIR = pathlib.Path(sys.executable).parent
bad = []


def check(ok, *what):
    if not ok:
        bad.append(" ".join(map(str, what)))
        print("BAD", *what)


def pack(*args):
    r = subprocess.run([PACK, *map(str, args)], capture_output=True,
                       text=True, timeout=300, check=False)
    return r.returncode, r.stdout, r.stderr.strip()


def plain(v):
    """A value in a form that can be compared, text as bytes."""
    if isinstance(v, str):
        return v.encode("utf-8", "surrogateescape")
    if isinstance(v, h5py.Empty):
        return ("empty", str(v.dtype))
    if isinstance(v, np.ndarray) and v.dtype.kind == "O":
        return [plain(x) for x in v.ravel()]
    if isinstance(v, np.ndarray) and v.dtype.kind == "S":
        return [bytes(x) for x in v.ravel()]
    if isinstance(v, np.void):
        return [plain(x) for x in v] if v.dtype.names else bytes(v)
    return v


def equal(a, b):
    a, b = plain(a), plain(b)
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        if a.dtype.names:
            return a.dtype.names == b.dtype.names and all(
                equal(a[n], b[n]) for n in a.dtype.names)
        return (a.dtype.newbyteorder("=") == b.dtype.newbyteorder("=") and
                a.shape == b.shape and
                np.array_equal(a, b, equal_nan=a.dtype.kind in "fc"))
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(equal, a, b))
    return type(a) is type(b) and (a == b or (a != a and b != b))


def has_references(dtype):
    return h5py.check_ref_dtype(dtype) is not None


def compare_attrs(what, a, b):
    keep = [k for k in a.attrs if not has_references(
        a.attrs.get_id(k).dtype)]
    has = [k for k in b.attrs if not has_references(
        b.attrs.get_id(k).dtype)]
    check(sorted(keep) == sorted(has), what, "attributes",
          set(keep) ^ set(has))
    for k in keep:
        if k in b.attrs:
            check(equal(a.attrs[k], b.attrs[k]), what, "attribute", k,
                  repr(a.attrs[k])[:60], repr(b.attrs[k])[:60])


def compare(a, b, gone=lambda p: False, path="", seen=None):
    """Everything in group a is in group b and nothing else."""
    seen = {} if seen is None else seen
    compare_attrs(path or "/", a, b)
    want = [n for n in a if not gone(path + n)]
    check(want == list(b), path, "members", set(want) ^ set(b))
    for n in want:
        p = path + n
        if n not in b:
            continue
        la, lb = a.get(n, getlink=True), b.get(n, getlink=True)
        check(type(la) is type(lb), p, "link", la, lb)
        if isinstance(la, (h5py.SoftLink, h5py.ExternalLink)):
            check(la.path == lb.path and getattr(la, "filename", 0) ==
                  getattr(lb, "filename", 0), p, "link value")
            continue
        oa, ob = a[n], b[n]
        check(type(oa) is type(ob), p, "kind", oa, ob)
        addr = h5py.h5o.get_info(oa.id).addr
        if addr in seen:
            check(b.file[seen[addr]] == ob, p, "is another object than",
                  seen[addr])
            continue
        seen[addr] = p
        if isinstance(oa, h5py.Group):
            compare(oa, ob, gone, p + "/", seen)
        elif isinstance(oa, h5py.Datatype):
            check(oa.dtype == ob.dtype, p, "type")
        else:
            compare_attrs(p, oa, ob)
            check(oa.shape == ob.shape, p, "shape", oa.shape, ob.shape)
            if has_references(oa.dtype):
                continue
            check(equal(oa[()], ob[()]), p, "values")


def recompressed(path):
    """Chunked data sets that are not as dclab wants them."""
    out = []

    def visit(name, o):
        if isinstance(o, h5py.Dataset) and o.chunks is not None:
            p = o.id.get_create_plist()
            f = {p.get_filter(i)[0]: p.get_filter(i)[2]
                 for i in range(p.get_nfilters())}
            if 32015 not in f or f[32015][0] < 5 or 3 not in f:
                out.append(name)
    with h5py.File(path) as h:
        h.visititems(visit)
    return out


def verify(path):
    r = subprocess.run([str(BINDIR / "dclab-verify-dataset"), str(path)],
                       capture_output=True, text=True, check=False)
    text = [x for x in r.stdout.splitlines() if "Checking" not in x and
            "Compression" not in x]
    return r.returncode, text


def open_warnings(path):
    with warnings.catch_warnings(record=True) as w:
        warnings.simplefilter("always")
        try:
            with dclab.new_dataset(path) as ds:
                len(ds)
        except BaseException as e:  # the source may be odd, too
            return [type(e).__name__]
        return sorted("%s %s" % (x.category.__name__, x.message) for x in w
                      if x.category is not DeprecationWarning)


def everything(path):
    """What HDF5 can store, in a measurement."""
    text = h5py.string_dtype()
    with h5py.File(path, "w") as h:
        h.attrs["experiment:sample"] = "\u00fc" * 1000
        h.attrs["experiment:event count"] = 12
        h.attrs["fixed"] = np.bytes_(b"abc ")
        h.attrs["yes"] = True
        h.attrs["list"] = np.arange(12.).reshape(3, 4)
        h.attrs["names"] = np.array(["a", "bc", ""], dtype=text)
        h.attrs["none"] = h5py.Empty("f4")
        h.attrs["big"] = np.arange(3, dtype=">i2")
        h.attrs["long"] = "x" * 200000
        h.attrs["pair"] = np.array((1, 2.5), dtype=[("a", "i4"),
                                                    ("b", "f8")])
        e = h.create_group("events")
        e.attrs["of a group"] = 5
        e["deform"] = np.array([0.1, np.nan, np.inf, -np.inf] * 3)
        e["fl1_max"] = np.array([-5, 3, 2**31 - 1] * 4, dtype="i4")
        e["frame"] = np.array([0, 2**63, 2**64 - 1] * 4, dtype="u8")
        e["ml_class"] = np.full(12, -1, dtype="i8")
        e.create_dataset("area_um", data=np.arange(12, dtype=">f4"),
                         chunks=(5,), compression="lzf", shuffle=True)
        e.create_dataset("image", data=np.arange(12 * 20 * 30).astype(
            "u1").reshape(12, 20, 30), chunks=(3, 11, 30), maxshape=(
            None, 20, 30), compression="gzip")
        e.create_dataset("mask", shape=(12, 20, 30), dtype="u1",
                         chunks=(4, 20, 30), fillvalue=255)
        e["mask"][5] = 0
        e.create_dataset("pos_x", data=np.arange(12.), chunks=(4,),
                         **hdf5plugin.Blosc())
        e["trace/fl1_raw"] = np.arange(-60, 60, dtype="i2").reshape(12, 10)
        for i in range(12):
            e["contour/%d" % i] = np.arange(2 * i).reshape(i, 2)
        e["basinmap0"] = np.arange(12)
        e["index_online"] = e["basinmap0"]
        e["my_plugin"] = np.arange(12.)
        h["logs/vlen"] = np.array(["a", "", "\u00fc" * 50000], dtype=text)
        h["logs/fixed"] = np.array([b"ab", b"\xc3\xbc"], dtype="S100")
        h.create_dataset("logs/empty", shape=(0,), dtype=text,
                         chunks=(10,), maxshape=(None,))
        h["tables/t"] = np.zeros((4, 1), dtype=[("a", "f8"), ("b", "f8")])
        h["tables/t"].attrs["COLOR_a"] = "#ff0000"
        h["tables/text"] = np.array([("x", 1), ("yy", 2)], dtype=[
            ("s", text), ("n", "i4")])
        u = h.create_group("unknown/deeper/still")
        u["scalar"] = 7.5
        u["word"] = "a word"
        u["null"] = h5py.Empty("i4")
        u["nothing"] = np.zeros((0, 3))
        u["flat"] = np.zeros((3, 0))
        u["four"] = np.arange(120.).reshape(2, 3, 4, 5)
        u["bool"] = np.array([True, False, True])
        u["complex"] = np.array([1 + 2j, 3 - 4j])
        u["opaque"] = np.array([b"12345678"] * 3).view("V8")
        u["half"] = np.array([0.5, 1.5], dtype="f2")
        u["array"] = np.zeros(3, dtype=[("m", "f4", (2, 2))])
        ragged = u.create_dataset("ragged", (3,), dtype=h5py.vlen_dtype(
            np.dtype("i4")))
        for i in range(3):
            ragged[i] = np.arange(i)
        u["type"] = np.dtype("f8")
        u.create_dataset("committed", data=np.arange(3.), dtype=u["type"])
        u.create_dataset("enum", data=np.array([0, 2, 1]),
                         dtype=h5py.enum_dtype({"A": 0, "B": 1, "C": 2},
                                               basetype="u2"))
        u["soft"] = h5py.SoftLink("/events/deform")
        u["broken"] = h5py.SoftLink("/not/there")
        u["outside"] = h5py.ExternalLink("other.h5", "/x")
        u["again"] = h["unknown"]
        u.create_dataset("refs", data=np.array([h["events"].ref], dtype=
                                               h5py.ref_dtype))
        u["scalar"].attrs["ref"] = h["events"].ref
        layout = h5py.VirtualLayout((12,), "f8")
        layout[:] = h5py.VirtualSource(h["events/deform"])
        u.create_virtual_dataset("virtual", layout)
        h.create_dataset("unknown/huge", data=np.array(
            [b"a", b"b" * 70000]))


def samples(tmp):
    out = sorted((DATA / "rtdc").glob("*.rtdc"))
    p = tmp / "everything.rtdc"
    everything(p)
    return [p, *out]


def whole(tmp):
    for p in samples(tmp):
        out = tmp / "out.rtdc"
        rc, stdout, err = pack("-f", "--json", "-o", out, p)
        check(rc == 0 and not err, p.name, rc, err)
        if rc:
            continue
        rec = json.loads(stdout)
        check(rec["size"] == out.stat().st_size and rec["size_before"] ==
              p.stat().st_size, p.name, "sizes")
        with h5py.File(p) as a, h5py.File(out) as b:
            compare(a, b)
        if p.name != "everything.rtdc":
            check(recompressed(out) == [], p.name, recompressed(out))
            check(open_warnings(p) == open_warnings(out), p.name,
                  open_warnings(p), open_warnings(out))
            va, vb = verify(p), verify(out)
            # vlen text of an instrument becomes text of one length
            check(va == vb, p.name, "verify", va, vb)
        one = out.read_bytes()
        os.makedirs(tmp / "sub", exist_ok=True)
        rc, _, _ = pack("-f", "-j", 1, "-o", tmp / "sub" / "y.rtdc", p)
        check((tmp / "sub" / "y.rtdc").read_bytes() == one, p.name,
              "bytes depend on something")
        # packed again: nothing is left to do
        rc, stdout, err = pack("-i", "--json", out)
        check(rc == 0 and json.loads(stdout)["status"] == "skipped",
              p.name, "again", stdout, err)
        check(out.read_bytes() == one, p.name, "again: bytes")
        for how in ["keep"], ["none"], ["zstd-1"], ["zstd-9", "-C", "4KiB"]:
            rc, _, err = pack("-f", "-o", out, "-z", *how, p)
            check(rc == 0, p.name, how, err)
            with h5py.File(p) as a, h5py.File(out) as b:
                compare(a, b)
        rc, _, err = pack("-f", "--paged", "1MiB", "-o", out, p)
        check(rc == 0, p.name, "paged", err)
        with h5py.File(p) as a, h5py.File(out) as b:
            compare(a, b)
            check(b.id.get_create_plist().get_file_space_strategy()[0] ==
                  h5py.h5f.FSPACE_STRATEGY_PAGE, p.name, "strategy")


def against_compress(tmp):
    """What dclab-compress keeps has the same values here."""
    for p in samples(tmp)[1:]:
        ours, theirs = tmp / "ours.rtdc", tmp / "theirs.rtdc"
        rc, _, err = pack("-f", "-o", ours, p)
        check(rc == 0, p.name, err)
        r = subprocess.run([str(BINDIR / "dclab-compress"), str(p),
                            str(theirs)], capture_output=True, check=False)
        if r.returncode:
            print(p.name + ": dclab-compress fails")
            continue
        with h5py.File(ours) as a, h5py.File(theirs) as b:
            def visit(name, o):
                if isinstance(o, h5py.Dataset) and not name.startswith((
                        "logs/dclab-compress", "basins/")):
                    check(name in a and equal(a[name][()], o[()]), p.name,
                          name, "not as dclab-compress has it")
            b.visititems(visit)


def scalars_equal(name, a, b):
    """dclab computes in single precision where its input is"""
    a, b = a.astype(float), b.astype(float)
    return a.shape == b.shape and np.allclose(a, b, rtol=2e-6, atol=1e-12,
                                              equal_nan=True)


def against_condense(tmp):
    for p in samples(tmp)[1:]:
        ours, theirs = tmp / "ours.rtdc", tmp / "theirs.rtdc"
        rc, _, err = pack("-f", "--condense", "-o", ours, p)
        check(rc == 0 and not err, p.name, "condense", err)
        check(open_warnings(ours) == open_warnings(p), p.name, "condensed:",
              open_warnings(ours))
        r = subprocess.run([str(BINDIR / "dclab-condense"), str(p),
                            str(theirs)], capture_output=True, check=False)
        if r.returncode:
            print(p.name + ": dclab-condense fails")
            continue
        with h5py.File(ours) as a, h5py.File(theirs) as b:
            check(sorted(a["events"]) == sorted(b["events"]), p.name,
                  "features", set(a["events"]) ^ set(b["events"]))
            check(sorted(a.get("basin_events", [])) ==
                  sorted(b.get("basin_events", [])), p.name, "internal")
            check(len(a.get("basins", [])) == len(b.get("basins", [])),
                  p.name, "basins")
            for f in b["events"]:
                if f not in a["events"]:
                    continue
                x, y = a["events"][f], b["events"][f]
                check(x.dtype == y.dtype, p.name, f, x.dtype, y.dtype)
                check(scalars_equal(f, x[:], y[:]), p.name, f, "values",
                      x[:3], y[:3])
                for k in "min", "max", "mean":
                    check(k not in y.attrs or np.isclose(
                        x.attrs.get(k, 0), y.attrs[k], rtol=1e-5), p.name,
                        f, k)


def against_ml_class(tmp):
    src, out = tmp / "ml.rtdc", tmp / "ml_out.rtdc"
    rng = np.random.default_rng(1)
    with h5py.File(src, "w") as h:
        h.attrs["experiment:event count"] = 200
        h["events/deform"] = rng.random(200)
        for name in "ml_score_abc", "ml_score_rbc", "ml_score_wbc":
            v = rng.random(200).round(1)
            v[rng.random(200) < .4] = np.nan
            v[rng.random(200) < .3] = 0
            h["events/" + name] = v
    with dclab.new_dataset(src) as ds:
        want = ds["ml_class"]
    rc, _, err = pack("-f", "--condense", "-o", out, src)
    check(rc == 0, "ml_class", err)
    with h5py.File(out) as h:
        got = h["events/ml_class"][:]
    check((want == -1).sum() > 5 and np.array_equal(got, want), "ml_class",
          got[:9], want[:9])


def against_emodulus(tmp):
    luts = sorted(pathlib.Path(dclab.__file__).parent.glob(
        "features/emodulus/lut_*.txt"))
    src, out = DATA / "rtdc" / "example.rtdc", tmp / "emodulus.rtdc"
    if not src.exists():
        return
    for lut in luts:
        for how in ["CellCarrier", "herold-2017"], [
                "0.59% MC-PBS", "buyukurganci-2022"], [6.0]:
            args = ["--lut", lut]
            with dclab.new_dataset(src) as ds:
                c = ds.config["calculation"]
                c["emodulus lut"] = str(lut)
                if len(how) == 1:
                    args += ["--viscosity", how[0]]
                    c["emodulus viscosity"] = how[0]
                else:
                    args += ["--medium", how[0], "--viscosity-model", how[1],
                             "--temperature", 23]
                    c["emodulus medium"] = how[0]
                    c["emodulus viscosity model"] = how[1]
                    c["emodulus temperature"] = 23.0
                want = ds["emodulus"]
            rc, _, err = pack("-f", "--condense", *args, "-o", out, src)
            check(rc == 0, "emodulus", args, err)
            with h5py.File(out) as h:
                got = h["events/emodulus"][:]
            check(np.array_equal(np.isnan(got), np.isnan(want)), "emodulus",
                  lut.name, how, "NaN")
            far = np.abs(got / want - 1)
            # four points on a circle: Qhull takes the other diagonal
            check(np.nanmax(far) < 2e-3 and (far > 1e-6).sum() < 40,
                  "emodulus", lut.name, how, np.nanmax(far))


def main():
    with tempfile.TemporaryDirectory() as t:
        tmp = pathlib.Path(t)
        whole(tmp)
        against_compress(tmp)
        against_condense(tmp)
        against_ml_class(tmp)
        against_emodulus(tmp)
    print("pack: %d bad" % len(bad))
    return len(bad) > 0


if __name__ == "__main__":
    sys.exit(main())
