# SPDX-License-Identifier: GPL-3.0-or-later
"""What the comparisons with dcnum share: running both, comparing files."""
import hashlib
import json
import os
import pathlib
import subprocess
import sys
import threading

# dclab and we have the same file open, which HDF5 wants locked alike
os.environ["HDF5_USE_FILE_LOCKING"] = "FALSE"
import h5py  # noqa: E402
import hdf5plugin  # noqa: F401 (registers the filter)
import numpy as np

B = pathlib.Path(os.environ.get("B", "build")).resolve()
PROGRAM = B / "bin" / "dcor-segment"
MKRTDC = B / "tests" / "mkrtdc"

#: dcnum and an exact program agree in every bit of these
EXACT = set("""area_msd area_ratio area_um area_um_raw aspect deform
    deform_raw inert_ratio_cvx inert_ratio_raw per_ratio per_um_raw pos_x
    pos_y size_x size_y bg_off bg_med bright_avg bright_sd bright_bc_avg
    bright_bc_sd bright_perc_10 bright_perc_90""".split())


def mkrtdc(path, *args):
    subprocess.run([MKRTDC, "-q", "-o", path, *map(str, args)], check=True)


def segment(path_in, path_out, args, jobs=2):
    """dcor-segment; returns (status, standard error)"""
    r = subprocess.run([PROGRAM, "-q", "-j", str(jobs), *args, "-o",
                        path_out, path_in], capture_output=True, text=True,
                       timeout=120, check=False)
    return r.returncode, r.stderr.strip()


def _serve():
    """Runs jobs that come as JSON lines; see Peer"""
    from dcnum.logic import DCNumJobRunner, DCNumPipelineJob
    # a thread of dcnum that outlives its job is of no interest
    threading.excepthook = lambda _: None
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        kw = json.loads(line)
        imap = kw.get("data_kwargs", {}).get("index_mapping")
        if isinstance(imap, list):
            kw["data_kwargs"]["index_mapping"] = slice(*imap)
        answer = "ok"
        try:
            runner = DCNumJobRunner(job=DCNumPipelineJob(**kw))
            runner.run()
        except BaseException as e:  # whatever it is, it is the answer
            answer = "%s: %s" % (type(e).__name__, str(e)[:200])
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


class Peer:
    """dcnum in a process of its own, which ends when a job hangs.

    debug=True makes dcnum work in threads of one process with the same
    results, which saves most of the seconds it needs to start.
    """

    def __init__(self):
        self.p = None

    def run(self, path_in, path_out, timeout=90, debug=True, **kw):
        """"ok", the error, or "hangs" """
        if self.p is None:
            self.p = subprocess.Popen(
                [sys.executable, __file__, "serve"], stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                start_new_session=True)
        kw.update(path_in=str(pathlib.Path(path_in).resolve()),
                  path_out=str(pathlib.Path(path_out).resolve()),
                  num_procs=1, debug=debug)
        self.p.stdin.write(json.dumps(kw) + "\n")
        self.p.stdin.flush()
        got = []
        t = threading.Thread(
            target=lambda: got.append(self.p.stdout.readline()), daemon=True)
        t.start()
        t.join(timeout)
        if got and got[0]:
            return json.loads(got[0])
        self.close()
        return "died" if got else "hangs"

    def close(self):
        if self.p is not None:
            os.killpg(self.p.pid, 9)
            self.p.wait()
            self.p = None


def decode(a):
    return [(s if isinstance(s, str) else s.decode()).rstrip("\0") for s in a]


def basins(h):
    """Definitions; a list of problems of their names"""
    out, bad = [], []
    for name, d in h.get("basins", {}).items():
        text = "\n".join(decode(d[:]))
        b = json.loads(text)
        if hashlib.md5(text.encode()).hexdigest() != name:
            bad.append("basin %s: name is not the MD5 of its text" % name)
        for k in ("description", "paths", "name"):
            if b["type"] == "file":
                b.pop(k, None)
        # dcnum leaves out a mapping of each frame to itself, and dclab then
        # does not find the images
        m = h["events"].get(b.get("mapping", ""))
        if b["type"] == "file" and m is not None and np.array_equal(
                m[:], np.arange(len(m))):
            b.pop("mapping")
        out.append(json.dumps(b, sort_keys=True))
    return sorted(out), bad


def close_enough(name, got, want):
    """Where the values agree as well as they have to"""
    if name in EXACT or want.dtype.kind != "f":
        return got == want
    diff = np.abs(got - want)
    scale = np.nanmean(np.abs(want)) if np.isfinite(want).any() else 0
    tol = 1e-9 * np.abs(want) + 1e-9 * scale
    if name.startswith("tex_") and name.endswith("_ptp"):
        tol = 1e-9 * np.abs(want) + (
            1e-9 if name[4:7] in ("sva", "var", "con") else 1e-11)
    elif name == "tex_cor_avg":
        tol = 1e-9 * np.abs(want) + 1e-11
    if name.startswith("tex_f13"):
        tol = np.where(np.abs(want) < 1e-3, 1e-7, tol)
    return diff <= tol


def compare_scalars(name, got, want):
    if got.dtype != want.dtype or got.shape != want.shape:
        return ["%s: %s %s, dcnum %s %s" % (name, got.dtype, got.shape,
                                           want.dtype, want.shape)]
    out = []
    if want.dtype.kind == "f":
        nan = np.isnan(got) != np.isnan(want)
        if nan.any():
            i = np.flatnonzero(nan)[0]
            out.append("%s: NaN differs in %d events, first %d: %r, dcnum %r"
                       % (name, nan.sum(), i, got[i], want[i]))
        good = (close_enough(name, got, want) | np.isnan(got)
                | np.isnan(want) | (got == want))
    else:
        good = got == want
    if not good.all():
        i = np.flatnonzero(~good)[0]
        out.append("%s: differs in %d of %d events, first %d: %r, dcnum %r"
                   % (name, (~good).sum(), len(good), i, got[i], want[i]))
    return out


def layout(d):
    p = d.id.get_create_plist()
    return (d.chunks, d.maxshape[:1],
            [p.get_filter(i)[0::2] for i in range(p.get_nfilters())])


def compare(ours, theirs, skip_attrs=()):
    """All differences between two results, as lines"""
    out = []
    with h5py.File(ours) as a, h5py.File(theirs) as b:
        for k in sorted(set(a.attrs) | set(b.attrs)):
            if k in skip_attrs:
                continue
            if k not in a.attrs or k not in b.attrs:
                out.append("attribute %s: only %s" % (
                    k, "here" if k in a.attrs else "dcnum"))
            elif type(a.attrs[k]) is not type(b.attrs[k]) or not np.all(
                    a.attrs[k] == b.attrs[k]):
                out.append("attribute %s: %r, dcnum %r" % (
                    k, a.attrs[k], b.attrs[k]))
        for g in ("events", "basin_events"):
            names = set(a.get(g, {})), set(b.get(g, {}))
            for k in sorted(names[0] ^ names[1]):
                out.append("%s/%s: only %s" % (
                    g, k, "here" if k in names[0] else "dcnum"))
            for k in sorted(names[0] & names[1]):
                x, y = a[g][k], b[g][k]
                if y.shape == (1,) + x.shape:
                    y = y[0]    # known: mapping of every frame once
                elif layout(x) != layout(y) and x.size:
                    out.append("%s/%s: layout %s, dcnum %s" % (
                        g, k, layout(x), layout(y)))
                if len(x.shape) == 1:
                    out += compare_scalars(k, x[:], y[:])
                    continue
                if dict(x.attrs.items()) != {
                        n: v for n, v in y.attrs.items()
                        if not n.startswith("dcnum ppid")}:
                    out.append("%s/%s: attributes differ" % (g, k))
                if x.shape != y.shape or x.dtype != y.dtype:
                    out.append("%s/%s: %s %s, dcnum %s %s" % (
                        g, k, x.dtype, x.shape, y.dtype, y.shape))
                elif not np.array_equal(x[:], y[:]):
                    n = (x[:] != y[:]).any(axis=(1, 2))
                    out.append("%s/%s: differs in %d, first %d" % (
                        g, k, n.sum(), np.flatnonzero(n)[0]))
        (p, bad), (q, _) = basins(a), basins(b)
        out += bad
        if p != q:
            out += ["basin only here: " + x for x in p if x not in q]
            out += ["basin only dcnum: " + x for x in q if x not in p]
        for g in ("logs", "tables"):
            names = [{k for k in h.get(g, {}) if not k.startswith("dcnum-")}
                     for h in (a, b)]
            if names[0] != names[1]:
                out.append("%s: %s, dcnum %s" % (g, *map(sorted, names)))
            for k in names[0] & names[1]:
                x, y = a[g][k][:], b[g][k][:]
                same = decode(x) == decode(y) if g == "logs" else (
                    x.dtype == y.dtype and (x == y).all())
                if not same:
                    out.append("%s/%s: differs" % (g, k))
        if not any(k.startswith("dcnum-job-") for k in a.get("logs", {})):
            out.append("logs: no dcnum-job-...")
    return out


if __name__ == "__main__" and sys.argv[1:] == ["serve"]:
    _serve()
