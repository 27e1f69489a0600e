# SPDX-License-Identifier: GPL-3.0-or-later
# needs: dcnum
"""Random measurements and random jobs: dcor-segment against dcnum.

PEER_N: how many jobs (50), PEER_SEED: other ones (1), PEER_KEEP: a
directory to keep the files of disagreements in.

Left out, because dcnum fails, hangs or is undefined there:
  one frame, no frame, all frames at one time (no background);
  exactly 4 background images (SciPy's rank filter returns garbage);
  rollmed with as many frames as its kernel; thresholds >= 0; no pixel
  size; gates on features that are not computed, polygon gates; frames
  beyond the end; relative paths; jobs on their own result.
Known and accepted: dcnum stores the mapping of the background with shape
(1, N) when every frame has exactly one event.
"""
import os
import pathlib
import random
import shutil
import sys
import tempfile
import time

import peerlib

SIZES = [(64, 256), (80, 320), (80, 400), (61, 333), (38, 200), (33, 129),
         (30, 150), (128, 128), (96, 97), (250, 250), (512, 512)]


def measurement(r):
    """Options of mkrtdc, and what a job must know"""
    h, w = r.choice(SIZES)
    n = max(30, min(400, int(6e6 / (h * w)))) + r.randrange(20)
    cells = r.choice(["0", "0-2", "0-3", "1", "1-4", "2-6", "0-12", "12"])
    rmax = min(16, h / 2 / 1.25 - 4)
    rmin = r.choice([min(3, rmax), min(6, rmax), rmax * 0.6])
    rate = r.choice([0, 50, 500, 1500, 3447.5])
    clock = r.choice(["f64", "f64", "f32", "none"])
    frame = r.choice(["u64", "i32", "f32", "f64", "none"])
    o = ["--size", f"{h}x{w}", "--frames", n, "--cells", cells,
         "--radius", f"{rmin:.1f}-{rmax:.1f}", "--rate", rate,
         "--seed", r.randrange(1 << 30), "--time", clock, "--frame", frame,
         "--noise", r.choice([0, 0.5, 2, 2, 3, 5]),
         "--drift", r.choice([0, 0, 3, -5, 12]),
         "--contrast", r.choice([15, 30, 45, 45, 80]),
         "--touch", r.choice([0, 0, 20, 60]),
         "--border", r.choice([0, 10, 50]),
         "--jumps", r.choice([0, 0, 2, 10]),
         "--dup", r.choice([0, 0, 10, 50]),
         "--level", r.choice([60, 120, 182, 182, 230]),
         "--logs", r.choice(["none", "fixed", "vlen"]),
         "--filter", r.choice(["zstd,fletcher", "zstd,fletcher", "none",
                               "gzip", "fletcher,zstd", "shuffle,gzip,fletcher"
                               ]),
         "--chunk", r.choice([0, 1, 7, 32, 40, 40, 100, f"9x{h // 2}x50"])]
    for flag, p in (("--plain", 0.1), ("--flat", 0.1), ("--latest", 0.4),
                    ("--no-truth", 0.2)):
        if r.random() < p:
            o.append(flag)
    feats = [f for f in ("temp", "temp_amb", "pressure", "flow_rate",
                         "g_force", "userdef0", "userdef7", "area_cvx",
                         "index_online", "bg_off") if r.random() < 0.15]
    if feats:
        o += ["--features", ",".join(feats)]
    if h * w < 40000 and r.random() < 0.3:
        o += [r.choice(["--dots", "--grid"]), 3]
    rate_or = rate or 500
    if clock != "none" or (frame != "none" and rate):
        dur = (n - 1) / rate_or
    elif rate:
        dur = n / rate * 1.5
    else:
        dur = n / 3600 * 1.5
    return o, {"n": n, "dur": dur}


def background(r, m, o):
    code = r.choice(["sparsemed"] * 5 + ["rollmed", "copy"])
    if code == "copy":
        o.append("--bg")
        return code, {}
    if code == "rollmed":
        k = r.choice([2, 10, 24, m["n"] // 2 // 2 * 2])
        return code, {"kernel_size": k,
                      "batch_size": r.choice([k + 1, 100 + k, 10000])}
    kw = {"offset_correction": r.random() < 0.5}
    if r.random() < 0.7:
        kw["kernel_size"] = r.choice([1, 5, 20, 21, 100, 1000])
    images = r.choice([1, 2, 3, 5, 8, 13, 30])
    kw["split_time"] = round(m["dur"] / (images - 0.5), 6)
    if r.random() < 0.5:
        kw["frac_cleansing"] = r.choice([0.3, 0.5, 0.8, 0.95, 1])
    if r.random() < 0.3:
        kw["thresh_cleansing"] = r.choice([0.1, 0.5, 1, 5])
    return code, kw


def gate(r, o, computed):
    kw = {}
    if r.random() < 0.5:
        kw["size_thresh_mask"] = r.choice([0, 1, 5, 30, 120])
    if r.random() < 0.35:
        kw["online_gates"] = True
        limits = {"area_um": (5, 80), "deform": (0, 0.2),
                  "size_x": (2, 9), "aspect": (0.8, 1.3)}
        if computed["brightness"]:
            limits["bright_avg"] = (60, 170)
        for name, (low, high) in limits.items():
            soft = r.choice(["true", "false", "false", None])
            for what, v in (("min", low), ("max", high)):
                if r.random() < 0.5:
                    o += ["--attr", f"online_filter:{name} {what}={v}"]
            if soft is not None:
                o += ["--attr", f"online_filter:{name} soft limit={soft}"]
        o += ["--attr", "online_filter:target duration=60.0"]
        if r.random() < 0.5:
            o += ["--attr", "online_contour:bin area min=40"]
    return kw


def job(r, m, o):
    """Arguments of dcnum's job, and of dcor-segment"""
    kw, args = {}, []

    def text(code, d):
        return code + ":" * bool(d) + "^".join(
            f"{k}={int(v) if isinstance(v, bool) else v}"
            for k, v in d.items())

    code, bg = background(r, m, o)
    kw.update(background_code=code, background_kwargs=bg)
    args += ["-b", text(code, bg)]
    if r.random() < 0.7:
        mask = {"clear_border": r.random() < 0.7,
                "fill_holes": r.random() < 0.7,
                "closing_disk": r.choice([0, 1, 2, 3, 5])}
        mask = {k: v for k, v in mask.items() if r.random() < 0.8}
        thresh = r.choice([-2.5, -4, -6, -6, -9.25, -15])
        kw["segmenter_kwargs"] = {"thresh": thresh, "kwargs_mask": mask}
        args += ["--segmenter", text("thresh", {"thresh": thresh, **mask})]
    feats = {k: r.random() < 0.8 for k in ("brightness", "haralick",
                                           "volume")}
    if not all(feats.values()):
        kw["feature_kwargs"] = feats
        args += ["--features", text("legacy", feats)]
    g = gate(r, o, feats)
    if g:
        kw["gate_kwargs"] = g
        args += ["--gate", text("norm", g)]
    data = {}
    if r.random() < 0.15:
        data["pixel_size"] = r.choice([0.34, 1.0, 0.2, 0.123456789])
        args += ["-P", repr(data["pixel_size"])]
    if r.random() < 0.3:
        a = r.randrange(m["n"] // 2)
        b = r.randrange(a + 2, m["n"] + 1)
        s = r.choice([None, 1, 2, 7])
        if r.random() < 0.3:
            data["index_mapping"] = b
            args += ["-l", str(b)]
        else:
            data["index_mapping"] = [a, b, s]
            args += ["-l", f"{a}-{b}" + (f"-{s}" if s else "")]
    if data:
        kw["data_kwargs"] = data
    kw["basin_strategy"] = r.choice(["tap", "drain"])
    if kw["basin_strategy"] == "drain":
        args.append("--drain")
    if r.random() < 0.3:
        kw["compression"] = r.choice(["none", "zstd-1", "zstd-9"])
        args += ["-z", kw["compression"]]
    return kw, args


def main():
    count = int(os.environ.get("PEER_N", "50"))
    seed = int(os.environ.get("PEER_SEED", "1"))
    keep = os.environ.get("PEER_KEEP")
    tmp = pathlib.Path(tempfile.mkdtemp(prefix="dcor-peer."))
    peer = peerlib.Peer()
    bad = events = 0
    t0 = time.monotonic()
    for i in range(seed * 1000, seed * 1000 + count):
        r = random.Random(i)
        o, m = measurement(r)
        kw, args = job(r, m, o)
        d = tmp / str(i)
        d.mkdir()
        f_in, ours, theirs = d / "in.rtdc", d / "ours.rtdc", d / "peer.rtdc"
        peerlib.mkrtdc(f_in, *o)
        rc, err = peerlib.segment(f_in, ours, args, jobs=r.choice([1, 2, 8]))
        answer = peer.run(f_in, theirs, **kw)
        if rc == 0 and answer == "ok":
            diff = peerlib.compare(ours, theirs)
            with peerlib.h5py.File(theirs) as h:
                n = int(h.attrs["experiment:event count"])
            events += n
        elif rc != 0 and answer != "ok":
            diff, n = [], -1
        else:
            diff, n = [f"dcor-segment: status {rc} {err}",
                       f"dcnum: {answer}"], -1
        print(f"{'not ' * bool(diff)}ok {i + 1 - seed * 1000} - job {i}, "
              f"{n} events", flush=True)
        if diff:
            bad += 1
            print("#  mkrtdc", *o)
            print("#  dcor-segment", *args)
            for line in diff[:12]:
                print("#    " + line)
            if len(diff) > 12:
                print(f"#    and {len(diff) - 12} more")
            if keep:
                shutil.copytree(d, pathlib.Path(keep) / str(i),
                                dirs_exist_ok=True)
        shutil.rmtree(d)
    peer.close()
    shutil.rmtree(tmp)
    print(f"1..{count}")
    print(f"# {events} events, {bad} of {count} jobs disagree, "
          f"{time.monotonic() - t0:.0f} s")
    return bad > 0


if __name__ == "__main__":
    sys.exit(main())
