# SPDX-License-Identifier: GPL-3.0-or-later
# needs: dclab, h5py, hdf5plugin, numpy
"""dcor-check beside dclab-verify-dataset: files that are broken on purpose,
one for each rule and way to break it, must get the same lines and the same
exit code; so must real ones, and in these --deep must find a bit flipped in
any chunk, and say of values what NumPy says.

Prints TAP.  DCOR_TEST_DATA: real measurements (../shared/data).  PEER_N: how
many files with several faults (60), PEER_SEED: other ones (1).  CHECK_ONLY:
part of a name, to run some; CHECK_KEEP: a directory where the files stay;
CHECK_RECORD: writes what dclab says to tests/data/check.txt.
"""
import contextlib
import io
import json
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile
import warnings

os.environ["HDF5_USE_FILE_LOCKING"] = "FALSE"
import h5py  # noqa: E402
import hdf5plugin  # noqa: E402
import numpy as np  # noqa: E402
from dclab.cli import task_verify_dataset  # noqa: E402

B = pathlib.Path(os.environ.get("B", "build")).resolve()
PROGRAM = B / "bin" / "dcor-check"
N, H, W = 7, 12, 20
ZSTD = hdf5plugin.Zstd(clevel=5)

META = {
    "experiment:date": "2024-05-17", "experiment:event count": N,
    "experiment:run index": 1, "experiment:sample": "broken on purpose",
    "experiment:time": "12:34:56", "imaging:flash device": "LED",
    "imaging:flash duration": 2.0, "imaging:frame rate": 2000.0,
    "imaging:pixel size": 0.34, "imaging:roi position x": 629,
    "imaging:roi position y": 512, "imaging:roi size x": W,
    "imaging:roi size y": H, "setup:channel width": 20.0,
    "setup:chip region": "channel", "setup:flow rate": 0.06,
    "setup:flow rate sample": 0.015, "setup:flow rate sheath": 0.045,
    "setup:identifier": "XX-0000", "setup:medium": "CellCarrier",
    "setup:module composition": "none", "setup:software version": "test 1",
}
FLUOR = {
    "fluorescence:bit depth": 16, "fluorescence:channel 1 name": "red",
    "fluorescence:channel 2 name": "green", "fluorescence:channel count": 2,
    "fluorescence:channels installed": 3, "fluorescence:laser 1 lambda": 488.,
    "fluorescence:laser 1 power": 8.0, "fluorescence:laser 2 lambda": 640.,
    "fluorescence:laser 2 power": 0.0, "fluorescence:laser count": 1,
    "fluorescence:lasers installed": 2, "fluorescence:sample rate": 1000000,
    "fluorescence:samples per event": 33, "fluorescence:signal max": 1.0,
    "fluorescence:signal min": -1.0, "fluorescence:trace median": 3,
}
IMAGE = {"CLASS": b"IMAGE", "IMAGE_VERSION": b"1.2",
         "IMAGE_SUBCLASS": b"IMAGE_GRAYSCALE"}


def put(h, name, data, attrs=None, **kw):
    kw.setdefault("compression", ZSTD)
    kw.setdefault("fletcher32", True)
    data = np.asarray(data)
    if data.ndim == 0 or data.size == 0:
        kw = {}
    d = h.create_dataset(name, data=data, **kw)
    for k, v in (attrs or {}).items():
        d.attrs[k] = np.bytes_(v)
    return d


def again(h, name, data, attrs=None, **kw):
    del h[name]
    return put(h, name, data, attrs, **kw)


def text(h, name, lines, width=100):
    put(h, name, np.array([x.encode() for x in lines], f"S{width}"))


def base(path, fluor=False, **kw):
    rng = np.random.default_rng(3)
    h = h5py.File(path, "w", **kw)
    for k, v in META.items():
        h.attrs[k] = v
    e = h.create_group("events")
    put(e, "area_um", rng.uniform(20, 90, N))
    put(e, "deform", rng.uniform(0, .2, N))
    put(e, "frame", np.arange(N, dtype=np.uint64) * 3 + 5)
    put(e, "index", np.arange(1, N + 1, dtype=np.uint32))
    put(e, "time", (np.arange(N) * 3 + 5) / 2000)
    put(e, "image", rng.integers(0, 255, (N, H, W), np.uint8), IMAGE)
    put(e, "image_bg", rng.integers(0, 255, (N, H, W), np.uint8), IMAGE)
    put(e, "mask", 255 * rng.integers(0, 2, (N, H, W), np.uint8), IMAGE)
    text(h, "logs/test", ["a line", "", "  another"])
    if fluor:
        for k, v in FLUOR.items():
            h.attrs[k] = v
        put(e, "fl1_max", rng.uniform(1, 900, N))
        put(e, "fl2_max", rng.integers(1, 900, N).astype(np.int16))
        put(e, "trace/fl1_raw", rng.integers(0, 9, (N, 33)).astype("<i2"))
        put(e, "trace/fl1_median", rng.integers(0, 9, (N, 33)).astype("<i2"))
    return h


CASES = {}


def case(name, fluor=False, exact=True, **kw):
    def note(fn):
        CASES[name] = (fn, fluor, exact, kw)
        return fn
    return note


def attr_case(name, fluor=False, exact=True, drop=(), **attrs):
    """attrs: section__key_with_blanks"""
    def fn(h):
        for k in drop:
            del h.attrs[k]
        for k, v in attrs.items():
            h.attrs[k] = v
    CASES[name] = (fn, fluor, exact, {})


def basin(h, key="0" * 32, **d):
    d = {"name": "b", "type": "internal", "format": "h5dataset",
         "features": ["userdef1"], "mapping": "basinmap0",
         "paths": ["basin_events"], **d}
    d = {k: v for k, v in d.items() if v is not ...}
    text(h, f"basins/{key}", json.dumps(d, indent=2).split("\n"))


case("good")(lambda h: None)
case("good fluorescence", fluor=True)(lambda h: None)
case("good newest format", libver="latest")(lambda h: None)


# 1 basin_features_internal
@case("basin: good")
def _(h):
    basin(h)
    put(h, "events/basinmap0", np.zeros(N, np.uint64))
    put(h, "basin_events/userdef1", [1., 2.])


@case("basin: another path")
def _(h):
    basin(h, paths=["other", "basin_events"])
    put(h, "events/basinmap0", np.zeros(N, np.uint64))
    put(h, "basin_events/userdef1", [1., 2.])


@case("basin: no group")
def _(h):
    basin(h)
    put(h, "events/basinmap0", np.zeros(N, np.uint64))


@case("basin: feature missing")
def _(h):
    basin(h, features=["userdef1", "userdef2", "temp"])
    put(h, "events/basinmap0", np.zeros(N, np.uint64))
    put(h, "basin_events/userdef1", [1., 2.])


@case("basin: internal without mapping")
def _(h):
    basin(h, mapping="same")
    put(h, "basin_events/userdef1", np.arange(N) * 1.)


@case("basin: internal without features")
def _(h):
    basin(h, features=None)
    put(h, "basin_events/userdef1", [1., 2.])


@case("basin: map is short")
def _(h):
    basin(h)
    put(h, "events/basinmap0", np.zeros(N - 2, np.uint64))
    put(h, "basin_events/userdef1", [1., 2.])


@case("basin: temp from inside")
def _(h):
    basin(h, features=["temp", "fl1_max"])
    h.attrs["setup:identifier"] = "ZMD-1"
    put(h, "events/basinmap0", np.arange(N, dtype=np.uint64) % 2)
    put(h, "basin_events/temp", [0., 0.])
    put(h, "basin_events/fl1_max", [5., -2.])


@case("basin: index from inside")
def _(h):
    basin(h, features=["index"])
    del h["events/index"]
    put(h, "events/basinmap0", np.arange(N, dtype=np.uint64) % 2)
    put(h, "basin_events/index", [1., 2.])


@case("basin: file and remote")
def _(h):
    basin(h, "1" * 32, type="file", format="hdf5", features=["userdef1"],
          paths=["/nowhere/x.rtdc"], mapping="same")
    basin(h, "2" * 32, type="remote", format="http", features=["userdef2"],
          paths=..., urls=["http://127.0.0.1:1/x"])


@case("basin: no map")
def _(h):
    basin(h)
    put(h, "basin_events/userdef1", [1., 2.])


@case("basin: chopped images")
def _(h):
    del h["events/image"]
    basin(h, format="h5datasetchop", features=["image"], mapping="same")
    g = h.create_group("basin_events/image")
    put(g, "index", np.zeros((N, 5), int))
    put(g, "0", np.zeros((N, 4, 4), np.uint8))


@case("basin: chopped images of another number")
def _(h):
    CASES["basin: chopped images"][0](h)
    again(h, "basin_events/image/index", np.zeros((N + 2, 5), int))


@case("basin: chopped images of no size")
def _(h):
    CASES["basin: chopped images"][0](h)
    del h.attrs["imaging:roi size y"]


@case("basin: no JSON", exact=False)
def _(h):
    text(h, "basins/abc", ["{nonsense"])


@case("basin: no lines")
def _(h):
    h["basins/abc"] = np.zeros(0, "S100")


# 2 compression
@case("compression: none")
def _(h):
    for k in h["events"]:
        again(h["events"], k, h["events"][k][()],
              IMAGE if h["events"][k].ndim == 3 else None,
              compression="gzip")
    again(h, "logs/test", h["logs/test"][()], compression=None)


@case("compression: partial")
def _(h):
    again(h, "events/deform", np.zeros(N), compression=None)
    again(h, "events/area_um", np.zeros(N),
          compression=hdf5plugin.Zstd(clevel=1))
    put(h, "deeper/and/deeper", [1, 2, 3])


@case("compression: level 9 and shuffled")
def _(h):
    again(h, "events/deform", np.zeros(N), shuffle=True,
          compression=hdf5plugin.Zstd(clevel=9))


@case("compression: named type", exact=False)
def _(h):
    h["type"] = np.dtype("<f4")


@case("compression: filter without values")
def _(h):
    p = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    p.set_chunk((N,))
    p.set_filter(32015, h5py.h5z.FLAG_OPTIONAL, ())
    h5py.h5d.create(h.id, b"odd", h5py.h5t.IEEE_F64LE,
                    h5py.h5s.create_simple((N,)), p)


@case("compression: hard and soft links")
def _(h):
    h["linked"] = h["events/deform"]
    h["soft"] = h5py.SoftLink("/events/area_um")
    h["logs/softly"] = h5py.SoftLink("test")


@case("compression: a group in itself", exact=False)
def _(h):
    h.create_group("loop")
    h["loop/a"] = h["loop"]
    h["loop/b"] = h["loop"]


@case("compression: a soft link to a group above", exact=False)
def _(h):
    h["loop/a"] = h5py.SoftLink("/loop")
    h["loop/b"] = h5py.SoftLink("/loop")


@case("compression: dangling soft link", exact=False)
def _(h):
    h["soft"] = h5py.SoftLink("/events/nothing")


# 3 empty
@case("empty")
def _(h):
    h.attrs["experiment:event count"] = 0
    for k in h["events"]:
        d = h["events"][k]
        again(h["events"], k, np.zeros((0, *d.shape[1:]), d.dtype),
              IMAGE if d.ndim == 3 else None)


@case("empty with fluorescence", fluor=True)
def _(h):
    h.attrs["experiment:event count"] = 0
    for k in h["events"]:
        if k != "trace":
            d = h["events"][k]
            again(h["events"], k, np.zeros((0, *d.shape[1:]), d.dtype),
                  IMAGE if d.ndim == 3 else None)


@case("empty events, count given")
def _(h):
    del h["events"]
    h.create_group("events")


@case("no events")
def _(h):
    del h["events"]


attr_case("count: negative", **{"experiment:event count": -3})


@case("count: none, from the features")
def _(h):
    del h.attrs["experiment:event count"]


@case("count: none, and no events")
def _(h):
    del h.attrs["experiment:event count"]
    del h["events"]
    h.create_group("events")


@case("count: none, trace is no measure", fluor=True)
def _(h):
    del h.attrs["experiment:event count"]
    for k in list(h["events"]):
        if k != "trace":
            del h["events"][k]


# 4 external_links
@case("external: link", exact=False)
def _(h):
    with h5py.File(h.filename + ".other", "w") as o:
        o["x"] = [1, 2, 3]
    h["events/area_cvx"] = h5py.ExternalLink(
        pathlib.Path(h.filename).name + ".other", "/x")


@case("external: link that leads nowhere", exact=False)
def _(h):
    h["other"] = h5py.ExternalLink("none.h5", "/x")


@case("external: storage")
def _(h):
    p = pathlib.Path(h.filename + ".raw")
    p.write_bytes(bytes(8 * N))
    h["deep"] = np.zeros(3)
    h.create_dataset("a/b/raw", (N,), "<f8", external=[(str(p), 0, 8 * N)])


@case("external: virtual")
def _(h):
    v = h5py.VirtualLayout((N,), "<f8")
    v[:] = h5py.VirtualSource(".", "events/deform", (N,))
    h.create_virtual_dataset("events/userdef3", v)


# 5 feat_index
@case("index: twice")
def _(h):
    h["events/index"][3] = 3


@case("index: from zero, float")
def _(h):
    again(h, "events/index", np.arange(N, dtype="<f4"))


@case("index: float")
def _(h):
    again(h, "events/index", np.arange(1, N + 1, dtype="<f4"))


@case("index: big-endian")
def _(h):
    again(h, "events/index", np.arange(1, N + 1, dtype=">i4"))


@case("index: too short")
def _(h):
    again(h, "events/index", np.arange(1, N))


@case("index: one element")
def _(h):
    again(h, "events/index", [1])


# 6 feature_size
@case("size: one short, one long")
def _(h):
    again(h, "events/deform", np.zeros(N - 1))
    again(h, "events/area_um", np.zeros(N + 2))


@case("size: mask")
def _(h):
    again(h, "events/mask", np.zeros((N + 3, H, W), np.uint8), IMAGE)


@case("size: trace", fluor=True)
def _(h):
    again(h, "events/trace/fl1_raw", np.zeros((N + 1, 33), "<i2"))


attr_case("size: count", **{"experiment:event count": N + 1})


@case("size: contour is not counted")
def _(h):
    for i in range(3):
        put(h, f"events/contour/{i}", np.zeros((4, 2), int))


@case("size: contour and a count that is a float")
def _(h):
    h.attrs["experiment:event count"] = float(N)
    put(h, "events/contour/0", np.zeros((4, 2), int))


@case("size: contour and no count")
def _(h):
    del h.attrs["experiment:event count"]
    put(h, "events/contour/0", np.zeros((4, 2), int))
    put(h, "events/contour/1", np.zeros((4, 2), int))


@case("size: contour without item 0")
def _(h):
    for i in range(1, 3):
        put(h, f"events/contour/{i}", np.zeros((4, 2), int))


@case("size: scalar dataset")
def _(h):
    again(h, "events/deform", 3.5)


@case("size: a group for a feature")
def _(h):
    del h["events/deform"]
    h.create_group("events/deform")


# 7 features_unknown_hdf5
@case("unknown features")
def _(h):
    for f in ["ncells", "def", "Deform", "fl4_max", "ml_score_ABC",
              "ml_score_ab", "userdef10", "plugin_x", "peter\n"]:
        put(h["events"], f, np.zeros(N))


@case("all known features")
def _(h):
    for f in ["userdef0", "userdef9", "basinmap9", "ml_score_0a9",
              "tex_asm_avg", "qpi_focus", "pc1", "fl3_npeaks", "g_force"]:
        put(h["events"], f, np.full(N, .5))


# 8, 9 fl_max_positive, fl_max_ctc_positive
@case("fl_max: negative", fluor=True)
def _(h):
    h["events/fl1_max"][3] = -1


@case("fl_max: just so", fluor=True)
def _(h):
    again(h, "events/fl1_max", np.full(N, .1, "<f4"))
    again(h, "events/fl2_max", np.full(N, .1000001))


@case("fl_max: NaN", fluor=True)
def _(h):
    h["events/fl1_max"][0] = np.nan
    h["events/fl1_max"][3] = -1
    again(h, "events/fl2_max", np.array([3, np.nan, 1, -1, 5, 6, 7]))


@case("fl_max_ctc: stored", fluor=True)
def _(h):
    put(h, "events/fl1_max_ctc", np.array([3, 2, 0, 4, 5, 6, 7.]))
    put(h, "events/fl3_max_ctc", np.array([3, 2, .2, 4, 5, 6, 7.]))


@case("fl_max_ctc: computed", fluor=True)
def _(h):
    h.attrs["calculation:crosstalk fl21"] = 0.9
    h.attrs["calculation:crosstalk fl12"] = 0.9


@case("fl_max_ctc: computed, all positive", fluor=True)
def _(h):
    h.attrs["calculation:crosstalk fl21"] = 0.0
    h.attrs["calculation:crosstalk fl12"] = 0.001


@case("fl_max_ctc: three channels", fluor=True)
def _(h):
    put(h, "events/fl3_max", np.linspace(1, 90, N))
    h.attrs["fluorescence:channel 3 name"] = "blue"
    h.attrs["fluorescence:channel count"] = 3
    for i, k in enumerate(["21", "31", "12", "32", "13", "23"]):
        h.attrs["calculation:crosstalk fl" + k] = i / 7


@case("fl_max_ctc: a coefficient is missing", fluor=True)
def _(h):
    put(h, "events/fl3_max", np.linspace(1, 90, N))
    for i, k in enumerate(["21", "31", "12", "32", "13"]):
        h.attrs["calculation:crosstalk fl" + k] = i / 7


@case("fl_max_ctc: lengths", fluor=True)
def _(h):
    h.attrs["calculation:crosstalk fl21"] = 0.5
    h.attrs["calculation:crosstalk fl12"] = 0.5
    again(h, "events/fl1_max", np.ones(N - 2))


@case("fl_max_ctc: singular", fluor=True)
def _(h):
    h.attrs["calculation:crosstalk fl21"] = 1.
    h.attrs["calculation:crosstalk fl12"] = 1.


@case("fl_max_ctc: negative", fluor=True)
def _(h):
    h.attrs["calculation:crosstalk fl21"] = -.5
    h.attrs["calculation:crosstalk fl12"] = -.1


@case("fl_max: no rows", fluor=True)
def _(h):
    again(h, "events/fl1_max", np.zeros(0))


# 10 - 13
attr_case("channel name: missing", fluor=True,
          drop=["fluorescence:channel 1 name"])
attr_case("channel name: unused", fluor=True,
          **{"fluorescence:channel 3 name": "x"})
attr_case("channel count", fluor=True, **{"fluorescence:channel count": 3})
attr_case("laser count", fluor=True, **{"fluorescence:laser count": 2})
attr_case("laser power", fluor=True, **{"fluorescence:laser 2 power": 3.})
attr_case("laser lambda", fluor=True,
          drop=["fluorescence:laser 1 lambda"])
attr_case("samples per event", fluor=True,
          **{"fluorescence:samples per event": 32})
attr_case("fluorescence keys missing", fluor=True,
          drop=[k for k in FLUOR if "laser" not in k])


@case("trace: no rows", fluor=True)
def _(h):
    again(h, "events/trace/fl1_raw", np.zeros((0, 33), "<i2"))


@case("trace: empty group")
def _(h):
    h.create_group("events/trace")


@case("fluorescence by name only")
def _(h):
    for k, v in FLUOR.items():
        h.attrs[k] = v


# 14 flow_rate
attr_case("flow rate", **{"setup:flow rate sheath": 0.05})
attr_case("flow rate: nearly", **{"setup:flow rate sheath": 0.0450000001})
attr_case("flow rate: not quite", **{"setup:flow rate sheath": 0.045001})
attr_case("flow rate: NaN", **{"setup:flow rate": np.nan})
attr_case("flow rate: huge", **{"setup:flow rate": 6e20})
attr_case("flow rate: two of three", drop=["setup:flow rate sample"],
          **{"setup:flow rate": 6.0})


# 15 fmt_hdf5
@case("image: no attributes")
def _(h):
    for f in ["image", "image_bg", "mask"]:
        for k in IMAGE:
            del h["events"][f].attrs[k]


@case("image: variable-length attributes")
def _(h):
    for f in ["image", "mask"]:
        for k, v in IMAGE.items():
            h["events"][f].attrs[k] = v.decode()


@case("image: wrong values")
def _(h):
    h["events/image"].attrs["CLASS"] = np.bytes_("FIGURE")
    h["events/mask"].attrs["IMAGE_VERSION"] = np.bytes_("1.20")
    h["events/image_bg"].attrs["IMAGE_SUBCLASS"] = 5


@case("log: long lines")
def _(h):
    text(h, "logs/long", ["x" * 100, "y" * 101, "", "ü" * 51], 300)
    text(h, "logs/ends_para.ini", ["y" * 101], 300)
    text(h, "logs/parameters.txt", ["y" * 101], 300)
    text(h, "logs/x parameters.txt", ["y" * 101], 300)
    text(h, "logs/dckit-history2", ["y" * 101], 300)


@case("log: variable length")
def _(h):
    h["logs"].create_dataset("v", data=["x" * 100, "y" * 101, "ü" * 51],
                             dtype=h5py.string_dtype())
    h["logs"].create_dataset("e", shape=(0,), dtype=h5py.string_dtype())


@case("log: trailing blanks and zeros")
def _(h):
    text(h, "logs/v", ["x" * 99 + "  ", "x" * 100 + "\0\0"], 120)


@case("log: numbers", exact=False)
def _(h):
    put(h, "logs/n", np.arange(3))


# 18, 19 metadata_bad, metadata_bad_greater_zero
attr_case("roi size x", **{"imaging:roi size x": W + 1})
attr_case("roi size y", **{"imaging:roi size y": H - 1})
attr_case("roi size: one is missing", drop=["imaging:roi size x"],
          **{"imaging:roi size y": H - 1})


@case("image: two dimensions")
def _(h):
    again(h, "events/image", np.zeros((N, W), np.uint8), IMAGE)


for key in ["imaging:frame rate", "imaging:pixel size",
            "setup:channel width", "setup:flow rate"]:
    attr_case(f"zero: {key}", **{key: 0.0})
    attr_case(f"negative: {key}", **{key: -2})
attr_case("channel width: tiny", **{"setup:channel width": -1.5e-7})
attr_case("channel width: f4", **{"setup:channel width": np.float32(-.1)})

# 21 metadata_hdf5_type and what opening warns of
attr_case("type: upper case", **{"setup:chip region": "Channel"})
attr_case("type: text for int", **{"imaging:roi position x": "250"})
attr_case("type: true for int", **{"imaging:roi position x": "True"})
attr_case("type: float for int", **{"imaging:roi position x": 250.0})
attr_case("type: fraction for int", **{"imaging:roi position x": 250.7})
attr_case("type: f4 for int", **{"imaging:roi position x": np.float32(1.1)})
attr_case("type: bool for int", **{"imaging:roi position x": True})
attr_case("type: i4 for int", **{"imaging:roi position x": np.int32(4)})
attr_case("type: text for float", **{"setup:temperature": "23.50"})
attr_case("type: text with blanks", **{"setup:temperature": " 2_3.5e0 "})
attr_case("type: int for float", **{"setup:temperature": 23})
attr_case("type: bool for float", **{"setup:temperature": True})
attr_case("type: f4 for float", **{"setup:temperature": np.float32(23.1)})
attr_case("type: NaN", **{"setup:temperature": np.nan})
attr_case("type: NaN text", **{"setup:temperature": "nan"})
attr_case("type: infinity", **{"setup:temperature": -np.inf})
attr_case("type: int for text", **{"experiment:sample": 17})
attr_case("type: float for text", **{"experiment:sample": 1e22})
attr_case("type: f4 for text", **{"experiment:sample": np.float32(.1)})
attr_case("type: f2 for text", **{"experiment:sample": np.float16(.1)})
attr_case("type: bool for text", **{"experiment:sample": False})
attr_case("type: bytes for text", **{"experiment:sample": np.bytes_("ab")})
attr_case("type: empty text", **{"experiment:sample": ""})
attr_case("type: empty float", **{"setup:temperature": ""})
attr_case("type: empty int", **{"imaging:roi position x": ""})
attr_case("type: empty bytes", **{"experiment:sample": np.bytes_("")})
attr_case("type: int for bool", **{"online_contour:no absdiff": 1})
attr_case("type: two for bool", **{"online_contour:no absdiff": 2})
attr_case("type: text for bool", **{"online_contour:no absdiff": "FALSE"})
attr_case("type: number for bool", **{"online_contour:no absdiff": "0.5"})
attr_case("type: bool", **{"online_contour:no absdiff": True})
attr_case("type: bool or float", **{"qpi:scale to filter": 0.5})
attr_case("type: bool or float 0", **{"qpi:scale to filter": 0.0})
attr_case("type: bool or float i", **{"qpi:scale to filter": 3})
attr_case("type: bool or float f", **{"qpi:scale to filter": False})
attr_case("type: bool or float t", **{"qpi:scale to filter": "true"})
attr_case("type: pair", **{"qpi:sideband freq": [1.5, 2]})
attr_case("type: pair of three", **{"qpi:sideband freq": [1.5, 2, 3]})
attr_case("type: pair of none", **{"qpi:sideband freq": 1.5})
attr_case("type: array for float", exact=False,
          **{"setup:temperature": [23.]})
attr_case("type: word for int", **{"imaging:roi position x": "abc"})
attr_case("type: word for float", **{"setup:temperature": "it's"})
attr_case("type: NaN for int", **{"imaging:roi position x": np.nan})
attr_case("type: inf for int", **{"imaging:roi position x": np.inf})
attr_case("type: int for lower case", **{"setup:chip region": 5})
attr_case("type: huge int", **{"imaging:roi position x": 3.5e18})
attr_case("type: large text for int", **{"imaging:roi position x": "1e19"})
attr_case("type: huge text for int", **{"imaging:roi position x": "1e400"})
attr_case("type: huge text for float", **{"setup:temperature": "-1e400"})
attr_case("key: unknown", **{"setup:colour": "x", "imaging:Colour": 2})
attr_case("key: other case", drop=["setup:medium"],
          **{"setup:Medium": "CellCarrier"})
attr_case("key: no section", **{"colour": "x"})
attr_case("key: two colons", **{"setup:a:b": "x"})
attr_case("key: no such section", **{"plotting:a": "x"})
attr_case("key: section in capitals", **{"SETUP:medium": "x"})
attr_case("key: user", **{"user:x": "", "user:y": 5, "user: ": 1,
                          "user:z": [1., 2.]})
attr_case("key: user, large", **{"user:z": np.zeros(20000)})
CASES["key: user, large"] = (*CASES["key: user, large"][:3],
                             {"libver": "latest"})
attr_case("key: user NaN", **{"user:x": np.nan})
attr_case("key: user array with NaN", **{"user:z": [1., np.nan]})
attr_case("key: pipeline", **{"pipeline:dcnum yield": 5.5,
                              "pipeline:dcnum hash": "abc"})
attr_case("key: calculation", **{"calculation:emodulus medium": "water",
                                 "calculation:emodulus temperature": "23",
                                 "calculation:nothing": 1})
attr_case("key: filtering", **{"filtering:area_um min": 1.,
                               "filtering:nothing min": 1.,
                               "filtering:nothing": 1.})

# 22 and the keys of online_filter
attr_case("polygon", **{"online_filter:area_um,deform polygon points":
                        np.arange(6.).reshape(3, 2)})
attr_case("polygon: two points", **{
    "online_filter:area_um,deform polygon points": np.ones((2, 2))})
attr_case("polygon: three columns", **{
    "online_filter:area_um,deform polygon points": np.ones((4, 3), "<f4")})
attr_case("polygon: one dimension", **{
    "online_filter:area_um,deform polygon points": np.ones(4)})
attr_case("polygon: NaN", **{
    "online_filter:area_um,deform polygon points": np.full((4, 2), np.nan)})
attr_case("filter keys", **{
    "online_filter:area_um min": 5, "online_filter:area_um max": "abc",
    "online_filter:area_um soft limit": 1,
    "online_filter:area_um,deform soft limit": True,
    "online_filter:area_um whatever": 2.5,
    "online_filter:nothing min": 3.,
    "online_filter:target event count": 3.5})

# 23 metadata_missing
for key in META:
    attr_case(f"missing: {key}", drop=[key])
attr_case("missing: imaging", drop=[k for k in META
                                    if k.startswith("imaging")])
attr_case("missing: setup", drop=[k for k in META if k.startswith("setup")])
attr_case("missing: all", drop=list(META))


@case("temperature: missing")
def _(h):
    put(h, "events/temp", np.full(N, 23.))


# 24 ml_class
@case("ml_class: good")
def _(h):
    put(h, "events/ml_score_abc", np.linspace(0, 1, N))
    put(h, "events/ml_score_r1f", np.full(N, np.nan))


@case("ml_class: above one")
def _(h):
    put(h, "events/ml_score_abc", np.linspace(0, 1, N))
    put(h, "events/ml_score_abd", np.linspace(-1, 1.1, N))


@case("ml_class: below zero")
def _(h):
    put(h, "events/ml_score_abc", np.linspace(-1e-9, 1, N))


@case("ml_class: stored")
def _(h):
    put(h, "events/ml_class", np.zeros(N))
    put(h, "events/ml_score_abc", np.linspace(-5, 1, N))


@case("ml_class: nothing")
def _(h):
    put(h, "events/ml_score_abc", np.zeros(0))


@case("ml_class: one")
def _(h):
    put(h, "events/ml_score_abc", np.ones(1))


@case("ml_class: too short")
def _(h):
    put(h, "events/ml_score_abc", np.linspace(0, 1, N - 1))


# 25, 26
for ver in ["2.2.1.0", "2.2.1.0dev", "2.2.2.4", "2.2.2.5", "2.2.1.0 | x"]:
    attr_case(f"medium: {ver}", **{"setup:medium": "CellCarrierB",
                                   "setup:software version": ver})
attr_case("medium: other", **{"setup:medium": "CellCarrier",
                              "setup:software version": "2.2.1.0"})


def temp(name, values, ident="ZMDD-AcC"):
    def fn(h):
        h.attrs["setup:identifier"] = ident
        h.attrs["setup:temperature"] = 23.
        put(h, "events/temp", values)
    CASES[name] = (fn, False, True, {})


temp("temp: zero", np.zeros(N))
temp("temp: nearly zero", np.full(N, 1e-8))
temp("temp: above that", np.full(N, 1.1e-8))
temp("temp: zero elsewhere", np.zeros(N), "XX")
temp("temp: NaN", np.full(N, np.nan))
temp("temp: zero at first", np.array([0, 0, 0, 0, 0, 0, 20.]))

# defective features, and software versions
attr_case("version: old dclab",
          **{"setup:software version": "dclab 0.3.2"})
attr_case("version: dclab dev",
          **{"setup:software version": "dclab 0.3.3.dev2"})
attr_case("version: nonsense",
          **{"setup:software version": "dclab abc"})
attr_case("version: bytes", **{"setup:software version":
                               np.bytes_("ShapeIn 2.0.6 | dclab 0.29.1")})


def defect(name, version, feature, values=None, **more):
    def fn(h):
        h.attrs["setup:software version"] = version
        for k, v in more.items():
            h.attrs[k] = v
        if feature in h["events"]:
            del h["events"][feature]
        put(h, f"events/{feature}",
            np.zeros(N + 1) if values is None else values)
    CASES[name] = (fn, False, True, {})


WIDE = {"imaging:roi size x": 501}
defect("defective: aspect", "ShapeIn 2.0.6", "aspect")
defect("defective: aspect not", "ShapeIn 2.0.8", "aspect")
defect("defective: time f4", "x", "time", np.zeros(N + 1, "<f4"))
defect("defective: time f8", "ShapeIn 2 | dclab 0.47.5", "time")
defect("defective: time f8 not", "ShapeIn 2 | dclab 0.47.6", "time")
defect("defective: time other", "x | dclab 0.47.5", "time")
defect("defective: volume", "x | dclab 0.36.1.post3", "volume")
defect("defective: volume not", "x | dclab 0.37.0", "volume")
defect("defective: volume dev", "x | dclab 0.37.0.dev1", "volume")
defect("defective: tilt", "x | dclab 0.48.2", "tilt", **WIDE)
defect("defective: tilt narrow", "x | dclab 0.48.2", "tilt")
defect("defective: raw", "x | dclab 0.48.2", "inert_ratio_raw", **WIDE)
defect("defective: raw not", "ShapeIn 2.0.5 | dclab 0.48.2",
       "inert_ratio_raw", **WIDE)
defect("defective: prnc", "ShapeIn 2.0.5 | dclab 0.48.2",
       "inert_ratio_prnc", **WIDE)


def left_open(path, rows, group=False):
    """A file whose writer was killed"""
    pid = os.fork()
    if pid == 0:
        h = h5py.File(path, "w", libver="latest")
        for k, v in META.items():
            h.attrs[k] = v
        sets = [h.create_dataset(f"events/{n}", (0,), maxshape=(None,),
                                 chunks=(4,), dtype="f8")
                for n in ("area_um", "deform")]
        if group:
            h.create_dataset("events/trace/fl1_raw", (N, 33), dtype="i2")
        h.swmr_mode = True
        for d, n in zip(sets, rows):
            d.resize((n,))
            d[:] = np.arange(n)
            d.flush()
        os._exit(0)
    os.waitpid(pid, 0)
    return path


def whole_files(d):
    """Files that no h5py would write."""
    good = d / "src.rtdc"
    base(good).close()
    b = good.read_bytes()
    (d / "truncated.rtdc").write_bytes(b[:len(b) // 2])
    (d / "no hdf5.rtdc").write_bytes(b"experiment:event count\n" * 100)
    (d / "nothing.rtdc").write_bytes(b"")
    (d / "suffix.hdf5").write_bytes(b)
    (d / "suffix.RTDC").write_bytes(b)
    (d / "suffix").write_bytes(b)
    (d / "text.txt").write_bytes(b"nothing\n")
    with h5py.File(d / "other.h5", "w") as h:
        h["data"] = [1, 2]
    (d / "not there.rtdc").unlink(missing_ok=True)
    good.unlink()
    left_open(d / "left open.rtdc", (N, N))
    left_open(d / "left open, lengths.rtdc", (N, N - 1))
    left_open(d / "left open, group.rtdc", (N, N), True)
    names = ["left open.rtdc", "left open, lengths.rtdc",
             "left open, group.rtdc", "truncated.rtdc", "no hdf5.rtdc", "nothing.rtdc", "suffix.hdf5",
             "suffix.RTDC", "suffix", "text.txt", "other.h5",
             "not there.rtdc"]
    return [d / n for n in names]


def dclab(path):
    """(exit code, standard output) of dclab-verify-dataset; where it names
    an object and its address, only the path is left of it"""
    code, out = dclab_as_is(path)
    return code, re.sub(r"<RTDC_HDF5 '[^']*' at 0x[0-9a-f]* [(](.*)[)]>",
                        r"\1", out)


def dclab_as_is(path):
    out = io.StringIO()
    with contextlib.redirect_stdout(out), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            if path.exists():
                task_verify_dataset.verify_dataset(path.resolve())
            else:
                task_verify_dataset.verify_dataset(path)
        except SystemExit as e:
            return e.code, out.getvalue()
        except BaseException:  # in its handler of exceptions
            return 1, out.getvalue()
    return 0, out.getvalue()


def ours(path):
    r = subprocess.run([PROGRAM, "--format=dclab", path], check=False,
                       capture_output=True, text=True, timeout=60)
    if r.returncode < 0 or r.stderr:
        return r.returncode, r.stderr
    return r.returncode, r.stdout


tests = failed = 0


def compare(name, path, exact):
    global tests, failed
    want, got = dclab(path), ours(path)
    good = want == got or (not exact and want[0] == got[0])
    tests += 1
    failed += not good
    print(f"{'' if good else 'not '}ok {tests} - {name}", flush=True)
    if good and want != got and "CHECK_ONLY" in os.environ:
        print("# differs, allowed")
    if not good or (want != got and "CHECK_ONLY" in os.environ):
        for title, (code, text_) in [("want", want), ("got", got)]:
            print(f"# {title}: {code}")
            for line in text_.splitlines():
                print("#   " + line.replace("\033", "^"))


def several(d, only):
    """Files with many faults at once"""
    rnd = random.Random(int(os.environ.get("PEER_SEED", "1")))
    names = [n for n, c in CASES.items() if c[2] and not c[3]]
    for i in range(int(os.environ.get("PEER_N", "60"))):
        some = rnd.sample(names, rnd.randrange(2, 9))
        fluor = rnd.random() < .5 or any(CASES[n][1] for n in some)
        path = d / f"several_{i}.rtdc"
        h = base(path, fluor)
        done = []
        for n in some:
            # a fault may need what another one took away
            with contextlib.suppress(Exception):
                CASES[n][0](h)
                done.append(n)
        h.close()
        if only in f"several {i}":
            compare(f"several {i}: " + "; ".join(done), path, True)


def flip(path, at):
    b = bytearray(path.read_bytes())
    b[at] ^= 4
    path.write_bytes(b)


def deep(path, d):
    """Every chunk that has a checksum, with one bit flipped, is found and
    named, and nothing else is."""
    global tests, failed
    where = []

    def note(name, o):
        if isinstance(o, h5py.Dataset) and o.chunks and o.fletcher32:
            for i in range(o.id.get_num_chunks()):
                c = o.id.get_chunk_info(i)
                if c.filter_mask == 0:
                    where.append((name, c))

    with h5py.File(path) as h:
        h.visititems(note)
    wrong = []
    for name, c in where:
        copy = d / "flipped.rtdc"
        shutil.copyfile(path, copy)
        copy.chmod(0o644)
        flip(copy, c.byte_offset + c.size // 3)
        r = subprocess.run([PROGRAM, "--deep", "--json", copy], check=False,
                           capture_output=True, text=True, timeout=60)
        cues = [json.loads(x) for x in r.stdout.splitlines()]
        found = [x["text"] for x in cues if x.get("rule") == "data" and
                 x["level"] == "violation"]
        at = ", ".join(map(str, c.chunk_offset))
        start = f"{name}: chunk ({at}) at byte {c.byte_offset}: "
        if r.returncode != 65 or len(found) != 1 or not \
                found[0].startswith(start):
            wrong.append((name, at, r.returncode, found))
    tests += 1
    failed += bool(wrong)
    print(f"{'not ' if wrong else ''}ok {tests} - {path.name}: a bit flipped "
          f"in each of {len(where)} chunks")
    for w in wrong[:5]:
        print("#", w)


def values(path):
    """What --deep says of values, beside what NumPy says of them"""
    global tests, failed
    want = set()
    with h5py.File(path) as h:
        if "events" not in h:
            return
        for f, o in h["events"].items():
            if not isinstance(o, h5py.Dataset) or o.ndim != 1 or not o.size:
                continue
            v = o[:].astype(float)
            if not np.isfinite(v).all():
                want.add(("no_number", f))
            if f in ("frame", "time", "index_online") and \
                    (np.diff(v) < 0).any():
                want.add(("monotony", f))
            for name, fn in [("min", np.nanmin), ("max", np.nanmax),
                             ("mean", np.nanmean)]:
                a = o.attrs.get(name)
                if a is not None and not np.isclose(a, fn(v), rtol=1e-4,
                                                    equal_nan=True):
                    want.add(("statistics", f))
        m = h["events"].get("mask")
        if m is not None and not np.isin(m[:], [0, 255]).all():
            want.add(("mask", "mask"))
    r = subprocess.run([PROGRAM, "--deep", "--json", path], check=False,
                       capture_output=True, text=True, timeout=60)
    got = {(x["rule"], x["key"]) for x in map(json.loads,
                                              r.stdout.splitlines())
           if x.get("rule") in ("no_number", "monotony", "statistics",
                                "mask")}
    # defective features are absent for both
    want = {w for w in want if w in got or w[1] not in
            ("time", "volume", "tilt", "inert_ratio_cvx", "inert_ratio_raw",
             "inert_ratio_prnc", "aspect")}
    tests += 1
    failed += want != got
    print(f"{'' if want == got else 'not '}ok {tests} - {path.name}: values")
    if want != got:
        print("# want", sorted(want), "got", sorted(got))


def recorded(d):
    """The cases that are tested without dclab: is what is recorded still
    what it says?  CHECK_RECORD: then it is recorded anew."""
    global tests, failed
    top = pathlib.Path(__file__).resolve().parents[1]
    cases = top / "data" / "check.txt"
    subprocess.run(["sh", top / "spoiled.sh", cases, d], check=True,
                   env=dict(os.environ, B=str(B)))
    blocks = cases.read_text().split("\n= ")
    out = []
    for i, block in enumerate(blocks):
        head = block.rstrip("\n").split("\n")[:2]
        code, text_ = dclab(d / f"{i + 1}.rtdc")
        text_ = text_.replace(str(d.resolve()), ".").replace("\033", "^")
        out.append("\n".join(head + text_.splitlines()[1:] +
                             [f"exit {code}"]))
        good = out[-1] == block.rstrip("\n")
        if "CHECK_RECORD" not in os.environ:
            tests += 1
            failed += not good
            print(f"{'' if good else 'not '}ok {tests} - recorded: "
                  f"{head[0]}", flush=True)
        compare(head[0], d / f"{i + 1}.rtdc", True)
    if "CHECK_RECORD" in os.environ:
        cases.write_text("\n= ".join(out) + "\n")


def main():
    only = os.environ.get("CHECK_ONLY", "")
    tmp = os.environ.get("CHECK_KEEP") or tempfile.mkdtemp()
    d = pathlib.Path(tmp).resolve()
    for name, (fn, fluor, exact, kw) in CASES.items():
        if only not in name:
            continue
        path = d / (re.sub("[^a-z0-9]+", "_", name.lower()) + ".rtdc")
        h = base(path, fluor, **kw)
        fn(h)
        h.close()
        compare(name, path, exact)
    several(d, only)
    if not only or only == "recorded":
        recorded(d / "recorded")
    for path in whole_files(d):
        if only in path.name:
            compare(path.name, path, True)
    top = pathlib.Path(__file__).resolve().parents[2]
    data = pathlib.Path(os.environ.get("DCOR_TEST_DATA",
                                       top.parent / "shared" / "data"))
    for path in sorted(data.glob("*/*.rtdc")) + sorted(data.glob("*/*.h5")):
        if only in path.name:
            compare(path.name, path, True)
            values(path)
            if path.stat().st_size < 1e6:
                deep(path, d)
    print(f"1..{tests}")
    if "CHECK_KEEP" not in os.environ:
        shutil.rmtree(tmp)
    sys.exit(failed > 0)


main()
