# SPDX-License-Identifier: GPL-3.0-or-later
# needs: cv2, h5py, numpy
"""PNG and TIFF of frames of all kinds, read by OpenCV (libpng, libtiff).

PEER_SEED: other frames (1).
"""
import os
import pathlib
import struct
import subprocess
import sys
import tempfile

os.environ["HDF5_USE_FILE_LOCKING"] = "FALSE"
import cv2  # noqa: E402
import h5py
import numpy as np

B = pathlib.Path(os.environ.get("B", "build")).resolve()
RND = np.random.default_rng(int(os.environ.get("PEER_SEED", "1")))
#: feature, type, PNG, TIFF that OpenCV knows
KINDS = [("image", "u1", True, True), ("image_bg", "u2", True, True),
         ("mask", "u1", True, True), ("mask", "?", True, True),
         ("qpi_pha", "f4", False, True), ("qpi_amp", "f8", False, True),
         ("qpi_oah", "i2", False, False), ("qpi_oah_bg", ">u2", True, True)]


def sliceout(*args):
    r = subprocess.run([B / "tests" / "sliceout", *map(str, args)],
                       capture_output=True, text=True, check=False)
    return r.returncode, r.stderr.strip()


def frames(n, h, w, kind):
    """noise, gradients, flat ones, extremes"""
    y, x = np.mgrid[:h, :w]
    v = np.zeros((n, h, w))
    for i in range(n):
        v[i] = [RND.integers(0, 256, (h, w)), x + y, 0 * x, 255 + 0 * x,
                x * y % 251, RND.integers(0, 2, (h, w))][i % 6]
    if kind in ("f4", "f8"):
        v = v / 7 - 9
    elif kind == "i2":
        v = v - 99
    elif kind.endswith("u2"):
        v = v * 257
    return v.astype(kind)


def tiff_tags(data):
    """tags of the first page; whether it is BigTIFF"""
    big = data[2] == 43
    at = struct.unpack_from("<Q" if big else "<I", data, 8 if big else 4)[0]
    n = struct.unpack_from("<Q" if big else "<H", data, at)[0]
    at += 8 if big else 2
    tags = {}
    for i in range(n):
        t = struct.unpack_from("<HHQQ" if big else "<HHII", data,
                               at + i * (20 if big else 12))
        tags[t[0]] = t[3]
    if not big:
        tags[282] = struct.unpack_from("<II", data, tags[282])
    return tags, big


def check(tmp, shape, name, kind, png, tiff):
    bad = []
    n = shape[0]
    v = frames(*shape, kind)
    with h5py.File(tmp / "a.rtdc", "w") as h:
        h.attrs["experiment:event count"] = n
        h.attrs["imaging:pixel size"] = 0.34
        h.create_dataset(f"events/{name}", data=v, chunks=(
            min(n, 4), *shape[1:]), compression="gzip", fletcher32=True)
    sel = sorted(RND.choice(n, RND.integers(1, n + 1), replace=False))
    want = v[sel]
    if name == "mask":
        want = np.where(want != 0, 255, 0).astype("u1")
    args = ["-e", ",".join(f"{i}:{i + 1}" for i in sel), "-F", name]
    rc, err = sliceout(*args, "--as", "png", "-o", tmp / "%f %e%%.png",
                       tmp / "a.rtdc")
    if (rc == 0) != png:
        bad.append(f"png: {rc} {err}")
    files = sorted(tmp.glob("*.png"))
    if png and [f.name for f in files] != [
            f"{name} {i:0{len(str(n))}}%.png" for i in sel]:
        bad.append(f"png: {files}")
    for f, w in zip(files, want):
        got = cv2.imread(str(f), cv2.IMREAD_UNCHANGED)
        if not np.array_equal(got, w):
            bad.append(f"png: {f.name} differs")
        ref = cv2.imencode(".png", w.astype(w.dtype.newbyteorder("=")))[1]
        if f.stat().st_size > 1.1 * len(ref) + 100:
            bad.append(f"png: {f.stat().st_size} bytes, not {len(ref)}")
        f.unlink()
    for level in ([], ["--level", 6]):
        rc, err = sliceout(*args, *level, "--as", "tiff", "-o",
                           tmp / "a.tif", tmp / "a.rtdc")
        if rc:
            bad.append(f"tiff: {err}")
            continue
        data = (tmp / "a.tif").read_bytes()
        tags, big = tiff_tags(data)
        if big or tags[282] != (29411765, 1000) or tags[296] != 3 or \
                tags[339] != {"i": 2, "f": 3}.get(want.dtype.kind, 1):
            bad.append(f"tiff: {tags}")
        if not level:
            raw = data[tags[273]:][:tags[279]]
            if raw != want[0].astype(want.dtype.newbyteorder("<")).tobytes():
                bad.append("tiff: pixels")
        if tiff:
            ok, got = cv2.imreadmulti(str(tmp / "a.tif"),
                                      flags=cv2.IMREAD_UNCHANGED)
            if not ok or len(got) != len(sel) or not all(
                    np.array_equal(a, b) for a, b in zip(got, want)):
                bad.append(f"tiff {level}: differs")
    return bad


def main():
    nbad, k = 0, 0
    with tempfile.TemporaryDirectory(prefix="dcor-peer.") as tmp:
        for name, kind, png, tiff in KINDS:
            for shape in ((13, 20, 33), (1, 1, 1), (30, 7, 1), (6, 80, 320)):
                k += 1
                bad = check(pathlib.Path(tmp), shape, name, kind, png, tiff)
                nbad += bool(bad)
                print(f"{'not ' * bool(bad)}ok {k} - {name} {kind} {shape}")
                for line in bad[:9]:
                    print("#   " + line)
    print(f"1..{k}")
    return nbad > 0


if __name__ == "__main__":
    sys.exit(main())
