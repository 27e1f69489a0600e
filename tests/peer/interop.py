# SPDX-License-Identifier: GPL-3.0-or-later
# needs: dclab, dcnum
"""Our files in dclab, dcnum and ChipStream, and theirs in ours."""
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
ntest = nbad = 0


def check(name, problems):
    global ntest, nbad
    ntest += 1
    nbad += bool(problems)
    print(f"{'not ' * bool(problems)}ok {ntest} - {name}", flush=True)
    for line in problems[:10]:
        print("#   " + str(line))


def violations(path):
    """What dclab-verify-dataset says of a file, without its name"""
    r = subprocess.run([BIN / "dclab-verify-dataset", path], text=True,
                       capture_output=True, check=False)
    return {line for line in r.stdout.splitlines()
            if line.startswith(("- ", " - ")) or "raceback" in line}


def dclab_opens(f_out, f_in):
    import dclab
    bad = []
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        with dclab.new_dataset(f_out) as ds, h5py.File(f_in) as h, \
                h5py.File(f_out) as o:
            frame = o["events/basinmap0"][:]
            if len(ds) != len(frame):
                bad.append(f"{len(ds)} events, should be {len(frame)}")
            for i in range(0, len(ds), max(1, len(ds) // 25)):
                if not np.array_equal(ds["image"][i],
                                      h["events/image"][frame[i]]):
                    bad.append(f"image of event {i}")
                if ds["image_bg"][i].shape != ds["image"][i].shape:
                    bad.append(f"image_bg of event {i}")
                if not np.array_equal(ds["mask"][i],
                                      o["events/mask"][i] != 0):
                    bad.append(f"mask of event {i}")
            for feat in ("time", "frame", "temp"):
                if feat in h["events"] and not np.array_equal(
                        ds[feat][:], h["events"][feat][:][frame]):
                    bad.append(feat)
            # its own arithmetic on our masks and images
            for feat in ("area_um", "deform", "bright_avg", "bright_bc_avg"):
                if not np.all(np.isfinite(ds[feat][:])):
                    bad.append(feat)
    return bad + [f"warning: {w.message}" for w in seen
                  if "dclab" in str(w.filename)]


def dcnum_opens(f_out, f_in):
    from dcnum.read import HDF5Data
    bad = []
    with HDF5Data(f_out) as d, h5py.File(f_in) as h, h5py.File(f_out) as o:
        frame = o["events/basinmap0"][:]
        n = len(frame)
        if len(d) != n:
            bad.append(f"{len(d)} events, should be {n}")
        for i in range(0, n, max(1, n // 25)):
            if not np.array_equal(d["image"][i], h["events/image"][frame[i]]):
                bad.append(f"image of event {i}")
            if d["image_bg"][i].shape != d["image"][i].shape:
                bad.append(f"image_bg of event {i}")
        if d.meta_nest["experiment"]["event count"] != n:
            bad.append("event count")
    return bad


def chipstream(tmp, f_in, name, *args):
    """The command line of both with their defaults"""
    theirs, ours = tmp / f"{name}_peer.rtdc", tmp / f"{name}_ours.rtdc"
    r = subprocess.run([BIN / "chipstream-cli", "--num-cpus", "2", *args,
                        f_in, theirs], capture_output=True, text=True,
                       timeout=120, check=False)
    # what they call --drain-basins and so on
    ours_args = {"--drain-basins": ["--drain"], "-c": ["-z"],
                 "--limit-events": ["-l"]}
    mine = []
    for a in args:
        mine += ours_args.get(a, [a])
    rc, err = peerlib.segment(f_in, ours, mine)
    if rc != 0 or r.returncode != 0:
        return [f"status {rc} {err}, chipstream-cli {r.returncode}",
                r.stderr[-300:]]
    return peerlib.compare(ours, theirs)


def main():
    tmp = pathlib.Path(tempfile.mkdtemp(prefix="dcor-peer."))
    peer = peerlib.Peer()
    f_in = tmp / "in.rtdc"
    peerlib.mkrtdc(f_in, "--frames", 300, "--cells", "0-3", "--features",
                   "temp", "--size", "80x320", "--drift", 2)
    flick = tmp / "flick.rtdc"
    peerlib.mkrtdc(flick, "--frames", 300, "--jumps", 6, "--drift", 2)
    shein = tmp / "float.rtdc"
    peerlib.mkrtdc(shein, "--frames", 200, "--time", "f32", "--frame", "f32",
                   "--logs", "vlen", "--filter", "none", "--chunk", "10")
    had = violations(f_in)
    check("the input has no violation", sorted(had))

    for name, args in (("tap", []), ("drain", ["--drain"]),
                       ("rollmed", ["-b", "rollmed:k=50"]),
                       ("gates", ["--gate", "norm:online_gates=1"]),
                       ("part", ["-l", "20-200-3"])):
        out = tmp / f"{name}.rtdc"
        rc, err = peerlib.segment(f_in, out, args)
        check(f"{name}: segmented", [err] if rc else [])
        if rc:
            continue
        check(f"{name}: opens in dclab without a warning",
              dclab_opens(out, f_in))
        check(f"{name}: opens in dcnum", dcnum_opens(out, f_in))
        check(f"{name}: dclab-verify-dataset finds no more",
              sorted(violations(out) - had))

    # each frame has one event; and texts of fixed length, of which dclab and
    # dcnum make different identifiers
    one, out = tmp / "one.rtdc", tmp / "one_dcn.rtdc"
    peerlib.mkrtdc(one, "--frames", 60, "--cells", 1, "--size", "80x320")
    with h5py.File(one, "a") as h:
        h.attrs.pop("experiment:run identifier", None)
        for key in ("experiment:time", "experiment:date", "setup:identifier"):
            h.attrs[key] = np.bytes_(h.attrs[key])
    rc, err = peerlib.segment(one, out, [])
    with h5py.File(out) as h:
        n = int(h.attrs["experiment:event count"])
    check("one event a frame: segmented", [err] if rc or n != 60 else [])
    check("one event a frame: opens in dclab", dclab_opens(out, one))
    check("one event a frame: opens in dcnum", dcnum_opens(out, one))

    check("chipstream-cli: defaults", chipstream(tmp, f_in, "cs"))
    check("chipstream-cli: flickering", chipstream(tmp, flick, "flick"))
    check("chipstream-cli: drained, part of it, zstd-2", chipstream(
        tmp, shein, "float", "--drain-basins", "-c", "zstd-2",
        "--limit-events", "5-150-2"))

    # results as inputs, in both directions; settings of the background
    # differ from those of the input, or dcnum would never end
    kw = {"background_kwargs": {"kernel_size": 60,
                                "offset_correction": True}}
    args = ["-b", "sparsemed:k=60^offset_correction=1"]
    dcnum_out = tmp / "dcnum.rtdc"
    check("dcnum: a result to start from", [
        a for a in [peer.run(f_in, dcnum_out, **kw)] if a != "ok"])
    for name, f in (("ours", tmp / "drain.rtdc"), ("dcnum's", dcnum_out)):
        if f == dcnum_out:
            kw["background_kwargs"]["kernel_size"] = 61
            args[1] = args[1].replace("60", "61")
        a, b = tmp / "second_a.rtdc", tmp / "second_b.rtdc"
        rc, err = peerlib.segment(f, a, [*args, "--drain"])
        answer = peer.run(f, b, **kw)
        if rc == 0 and answer == "ok":
            check(f"segmented again: {name}", peerlib.compare(a, b))
        else:
            check(f"segmented again: {name}", [err or "", answer])
        for x in (a, b):
            x.unlink(missing_ok=True)

    # dcnum cannot (IndexError, on its own ones, too): tapped or drained, the
    # images are the same
    a, b = tmp / "second_a.rtdc", tmp / "second_b.rtdc"
    err = [peerlib.segment(tmp / f, x, [*args, "--drain"])
           for f, x in (("tap.rtdc", a), ("drain.rtdc", b))]
    check("segmented again: ours, tapped",
          [e for e in err if e != (0, "")] or peerlib.compare(a, b))

    # a result of the same pipeline: dcnum loses its events; we do nothing,
    # or all of it when asked to
    again = tmp / "again.rtdc"
    rc, err = peerlib.segment(tmp / "drain.rtdc", again, ["--drain"])
    check("the same pipeline again is not needed",
          [err or "done"] if rc or again.exists() else [])
    rc, err = peerlib.segment(tmp / "drain.rtdc", again, ["--drain", "-f"])
    if rc == 0:
        with h5py.File(tmp / "drain.rtdc") as a, h5py.File(again) as b:
            n = [int(h.attrs["experiment:event count"]) for h in (a, b)]
        check("the same pipeline again keeps the events",
              [n] if n[0] != n[1] else [])
    else:
        check("the same pipeline again", [err])

    # and one job in dcnum's real set-up of processes
    slow = tmp / "slow.rtdc"
    check("dcnum with processes", [a for a in [peer.run(
        f_in, slow, debug=False)] if a != "ok"])
    fast = tmp / "fast.rtdc"
    rc, err = peerlib.segment(f_in, fast, ["-b", "sparsemed:o=1", "--drain"])
    check("is what we write", [err] if rc else peerlib.compare(fast, slow))
    peer.close()
    if nbad and "PEER_KEEP" in os.environ:
        shutil.copytree(tmp, os.environ["PEER_KEEP"], dirs_exist_ok=True)
    shutil.rmtree(tmp)
    print(f"1..{ntest}")
    return nbad > 0


if __name__ == "__main__":
    sys.exit(main())
