# SPDX-License-Identifier: GPL-3.0-or-later
# needs: dclab, h5py, hdf5plugin, numpy
"""dcor-slice beside h5py, dclab and NumPy: values, selections, expressions,
polygons, lists, from files and over the network.  SEED and COUNT in the environment vary and prolong it."""
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import warnings

os.environ["HDF5_USE_FILE_LOCKING"] = "FALSE"
import h5py  # noqa: E402
import hdf5plugin  # noqa: F401 (registers the filter)
import numpy as np

warnings.simplefilter("ignore")
import dclab  # noqa: E402

B = pathlib.Path(os.environ.get("B", "build")).resolve()
SLICE = B / "bin" / "dcor-slice"
DATA = pathlib.Path(os.environ.get(
    "DCOR_TEST_DATA", pathlib.Path(__file__).parents[3] / "shared/data"))
SEED = int(os.environ.get("SEED", "1"))
COUNT = int(os.environ.get("COUNT", "1000"))
rng = random.Random(SEED)
failed = 0
tests = 0


def result(ok, name, why=""):
    global tests, failed
    tests += 1
    failed += not ok
    print("%s %d - %s" % ("ok" if ok else "not ok", tests, name))
    if not ok and why:
        print("# " + str(why)[:2000].replace("\n", "\n# "))


def run(*args, stdin=None, check=True):
    r = subprocess.run([SLICE, *map(str, args)], input=stdin, text=True,
                       capture_output=True, timeout=300, check=False)
    if check and r.returncode != 0:
        raise RuntimeError(r.stderr)
    return r


def samples():
    return sorted((DATA / "rtdc").resolve().glob("*.rtdc"))


def own_scalars(h):
    return [k for k in sorted(h.get("events", {}))
            if isinstance(h["events"][k], h5py.Dataset)
            and h["events"][k].ndim == 1]


def length(h):
    n = [len(h["events"][k]) for k in own_scalars(h)]
    c = h.attrs.get("experiment:event count")
    return min(n + ([int(c)] if c is not None else []))


def same(text, values):
    """Texts are the values, read in the type of the values"""
    if len(text) != len(values):
        return False
    if values.dtype.kind in "iu":
        return all(int(t) == int(v) for t, v in zip(text, values))
    got = np.array([values.dtype.type(t) for t in text], values.dtype)
    return np.array_equal(got, values, equal_nan=True)


def test_values(path):
    with h5py.File(path) as h:
        names = own_scalars(h)
        n = length(h)
        for form, sep in (("tsv", "\t"), ("csv", ",")):
            out = run("-H", "--format", form, "-F", ",".join(names),
                      path).stdout.splitlines()
            head = out[0].lstrip("#").split(sep)
            rows = [x.split(sep) for x in out[1:]]
            bad = [k for i, k in enumerate(names) if head[i] != k or
                   not same([r[i] for r in rows], h["events"][k][:n])]
            result(not bad and len(rows) == n,
                   "%s: %s is what h5py reads" % (path.name, form), bad)
        rows = [json.loads(x) for x in run("--json", path)
                .stdout.splitlines()]
        bad = []
        for k in names:
            for i, v in enumerate(h["events"][k][:n]):
                got = rows[i][k]
                if (got is None) != (not np.isfinite(v)) or (
                        got is not None and v.dtype.type(got) != v):
                    bad.append((k, i))
        bad += [i for i, r in enumerate(rows) if r["event"] != i]
        result(not bad and len(rows) == n,
               "%s: JSON is what h5py reads" % path.name, bad[:5])


def test_dclab(path):
    """Whatever dclab finds stored, basins included"""
    if length_zero(path):
        return
    defective = {"time", "volume", "inert_ratio_prnc", "tilt", "aspect",
                 "inert_ratio_cvx", "inert_ratio_raw", "index"}
    with dclab.new_dataset(path) as ds:
        names = [k for k in ds.features_innate if k in ds.features_scalar]
        names = [k for k in sorted(names) if k not in defective]
        rows = [x.split("\t") for x in run("-F", ",".join(names), path)
                .stdout.splitlines()]
        bad = []
        for i, k in enumerate(names):
            v = np.asarray(ds[k])[:len(rows)]
            if not same([r[i] for r in rows], v):
                bad.append(k)
        result(not bad and len(rows) == len(ds),
               "%s: as dclab has it" % path.name, bad)


def length_zero(path):
    with h5py.File(path) as h:
        return length(h) == 0


def test_list(path):
    recs = [json.loads(x) for x in run("-l", "--json", path)
            .stdout.splitlines()]
    feat = {r["name"]: r for r in recs if r["type"] == "feature"}
    meta = {r["key"]: r["value"] for r in recs if r["type"] == "metadata"}
    with h5py.File(path) as h:
        bad = []
        own = {}

        def visit(name, obj):
            if isinstance(obj, h5py.Dataset) and not \
                    name.startswith("contour/"):
                own[name] = obj
        h["events"].visititems(visit)
        for k, d in own.items():
            r = feat.get(k)
            if r is None or r["dtype"] != d.dtype.name or \
                    r["shape"] != list(d.shape) or \
                    r["stored"] != d.id.get_storage_size() or \
                    r["chunk"] != list(d.chunks or ()):
                bad.append((k, r))
        bad += [k for k in feat if feat[k]["origin"] == "own" and
                k not in own and k != "contour"]
        result(not bad, "%s: features are listed" % path.name, bad)
        bad = []
        for k, v in h.attrs.items():
            v = v.decode() if isinstance(v, bytes) else v
            got = meta.get(k)
            if isinstance(v, np.ndarray):
                v = v.ravel().tolist()
            if got != v and not (isinstance(v, float) and got == float(v)):
                bad.append((k, got, v))
        result(not bad and len(meta) == len(h.attrs),
               "%s: metadata" % path.name, bad)
        bad = []
        for k, d in h.get("logs", {}).items():
            want = [x.decode() if isinstance(x, bytes) else x for x in d[:]]
            got = run("--log", k, path).stdout
            if got != "".join(x + "\n" for x in want):
                bad.append(k)
        for k, d in h.get("tables", {}).items():
            got = [json.loads(x) for x in run("--json", "--table", k, path)
                   .stdout.splitlines()]
            want = d[:].ravel()
            if len(got) != len(want) or any(
                    g[c] != float(w[c]) for g, w in zip(got, want)
                    for c in w.dtype.names):
                bad.append(k)
        result(not bad, "%s: logs and tables" % path.name, bad)


def random_events(n):
    """A list for -e, and the events it names"""
    items, want = [], set()
    for _ in range(rng.randint(1, 4)):
        kind = rng.random()
        if kind < .3 and n > 0:
            i = rng.randint(-n, n - 1)
            items.append(str(i))
            want.add(i % n)
            continue
        a, b = (rng.choice(["", str(rng.randint(-n - 3, n + 3))])
                for _ in "ab")
        s = rng.choice(["", "", str(rng.randint(1, 5))])
        items.append(a + ":" + b + (":" + s if s else ""))
        want.update(range(n)[slice(*(int(x) if x else None
                                     for x in (a, b, s)))])
    return ",".join(items), sorted(want)


def splitmix(seed):
    mask = 2**64 - 1
    while True:
        seed = (seed + 0x9e3779b97f4a7c15) & mask
        z = seed
        z = ((z ^ (z >> 30)) * 0xbf58476d1ce4e5b9) & mask
        z = ((z ^ (z >> 27)) * 0x94d049bb133111eb) & mask
        yield z ^ (z >> 31)


def sample(events, n, seed):
    out, left, r = [], len(events), splitmix(seed)
    for e in events:
        if (next(r) >> 11) * 2.0**-53 * left < n - len(out):
            out.append(e)
        left -= 1
        if len(out) == n:
            break
    return out


def random_polygon(x, y, tmp):
    """A .poly file with one or two polygons, and what dclab lets through"""
    dclab.PolygonFilter.clear_all_filters()
    # dclab adds to what is there
    path = tmp / ("p%d.poly" % len(list(tmp.glob("*.poly"))))
    keep = np.ones(len(x), bool)
    fx, fy = x[np.isfinite(x)], y[np.isfinite(y)]
    if len(fx) == 0 or len(fy) == 0:
        fx = fy = np.array([0., 1.])
    for _ in range(rng.choice([1, 1, 2])):
        pts = []
        for _ in range(rng.randint(3, 9)):
            # often through an event, so that borders are met
            pts.append([rng.choice([rng.choice(list(fx)), rng.uniform(
                            fx.min() - 1, fx.max() + 1)]),
                        rng.choice([rng.choice(list(fy)), rng.uniform(
                            fy.min() - 1, fy.max() + 1)])])
        inverted = rng.random() < .3
        p = dclab.PolygonFilter(axes=("area_um", "deform"), points=pts,
                                inverted=inverted)
        p.save(path)
        q = dclab.PolygonFilter.import_all(path)[-1]
        keep &= q.filter(x, y)
    return path, keep


def selections(paths, tmp, where=str, what="", count=COUNT):
    """Random selections of random features as requests to one process;
    where makes the name of a measurement from a path"""
    requests, wants = [], []
    data = {}
    for p in paths:
        with h5py.File(p) as h:
            if length(h) > 0:
                data[p] = {k: h["events"][k][:length(h)]
                           for k in own_scalars(h)}
    for k in range(count):
        p = rng.choice(sorted(data))
        d = data[p]
        n = len(next(iter(d.values())))
        ev, want = random_events(n)
        q = {"measurement": where(p), "id": k, "events": ev}
        if rng.random() < .7:
            f = rng.choice(sorted(d))
            lim = float(np.float64(rng.choice(list(d[f]))))
            op = rng.choice(["<", "<=", ">", ">=", "==", "!="])
            if np.isfinite(lim):
                q["where"] = "%s %s %r" % (f, op, lim)
                v = d[f].astype(float)
                ok = {"<": v < lim, "<=": v <= lim, ">": v > lim,
                      ">=": v >= lim, "==": v == lim, "!=": v != lim}[op]
                want = [i for i in want if ok[i]]
        if rng.random() < .3 and "area_um" in d and "deform" in d:
            path, keep = random_polygon(d["area_um"].astype(float),
                                        d["deform"].astype(float), tmp)
            q["poly"] = str(path)
            want = [i for i in want if keep[i]]
        if rng.random() < .3:
            m, seed = rng.randint(0, n), rng.randint(0, 2**60)
            q["sample"], q["seed"] = m, seed
            want = sample(want, m, seed) if m < len(want) else want
        if rng.random() < .3:
            q["limit"] = rng.randint(0, n)
            want = want[:q["limit"]]
        q["features"] = rng.sample(sorted(d), rng.randint(1, min(4, len(d))))
        requests.append(q)
        wants.append((d, want))
    r = run("--requests", "-H", check=False,
            stdin="".join(json.dumps(q) + "\n" for q in requests))
    blocks = []
    rows = []
    for line in r.stdout.splitlines():
        if line.startswith("#answer"):
            blocks.append((rows, line.split("\t")))
            rows = []
        else:
            rows.append(line.split("\t"))
    bad = []
    for q, (d, want), (rows, ans) in zip(requests, wants, blocks):
        cols = [r_ for r_ in zip(*rows[1:])] or [[] for _ in q["features"]]
        if ans[2] != str(q["id"]) or ans[3] != "0" or \
                int(ans[4]) != len(want) or any(
                    not same(c, d[f][want])
                    for f, c in zip(q["features"], cols)):
            bad.append((q, ans))
    result(not bad and len(blocks) == count and r.returncode == 0,
           "%d random selections%s" % (count, what), bad[:3])


def arrays(paths, tmp, where=str, what="", count=COUNT // 20):
    """Random events of everything that is no contour, as arrays"""
    bad = []
    for _ in range(count):
        p = rng.choice(paths)
        with h5py.File(p) as h:
            n = length(h)
            ev, want = random_events(n)
            out = tmp / "a.npz"
            run("-q", "-f", "-e", ev, "-o", out, where(p))
            with np.load(out) as z:
                for k in z.files:
                    d = h["events"].get(k)
                    if d is None:       # of a basin
                        continue
                    v = d[:n][want]
                    v = np.where(v, 255, 0) if k == "mask" else v
                    if not (np.array_equal(z[k], v, equal_nan=True)
                            if v.dtype.kind == "f"
                            else np.array_equal(z[k], v)):
                        bad.append((p.name, ev, k))
    result(not bad, "%d random selections as arrays%s" % (count, what),
           bad[:3])


class Server:
    """Serves the samples at .url"""

    def __init__(self, directory):
        self.p = subprocess.Popen(
            [B / "tests" / "httpd", "--until-eof", "--root", directory],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.url = self.p.stdout.readline().strip() + "/static/"

    def name(self, path):
        return self.url + path.name

    def close(self):
        self.p.stdin.close()
        self.p.wait()


# Expressions: a tree as our text and as a NumPy expression

def tree(depth, smooth):
    """(ours, numpy, precedence): parentheses are left out where the rules
    of precedence say so"""
    if depth == 0 or rng.random() < .15:
        v = rng.choice(["a", "b", "c", "d", "num"])
        if v == "num":
            v = rng.choice(["0", "1", "2", "0.5", "3.25", "1e3", ".25",
                            "7", "1e-3", "100."])
            return v, "np.float64(%s)" % v, 9
        return v, v, 9
    kinds = ["bin"] * 6 + ["neg", "fun"] + ([] if smooth else [
        "cmp", "cmp", "logic", "logic", "not", "!", "discrete"])
    kind = rng.choice(kinds)
    if kind == "bin":
        ops = {"+": 5, "-": 5, "*": 6, "/": 6}
        if not smooth:
            ops["%"] = 6
        op = rng.choice(sorted(ops))
        p = ops[op]
        x, y = tree(depth - 1, smooth), tree(depth - 1, smooth)
        npop = "np.remainder(%s, %s)" if op == "%" else "(%s " + op + " %s)"
        return ("%s %s %s" % (wrap(x, p), op, wrap(y, p + 1)),
                npop % (x[1], y[1]), p)
    if kind == "neg":
        x = tree(depth - 1, smooth)
        return "-" + wrap(x, 7), "(-%s)" % x[1], 7
    if kind == "fun":
        x = tree(depth - 1, smooth)
        fn = rng.choice(["abs", "sqrt"])
        return "%s(%s)" % (fn, x[0]), "np.%s(%s)" % (fn, x[1]), 9
    if kind == "discrete":
        x, y = tree(depth - 1, smooth), tree(depth - 1, smooth)
        fn, npfn = rng.choice([
            ("floor", "floor"), ("ceil", "ceil"), ("round", "rint"),
            ("isnan", "isnan"), ("isfinite", "isfinite"),
            ("min", "minimum"), ("max", "maximum")])
        if fn in ("min", "max"):
            return ("%s(%s, %s)" % (fn, x[0], y[0]),
                    "np.%s(%s, %s)" % (npfn, x[1], y[1]), 9)
        return ("%s(%s)" % (fn, x[0]),
                "np.%s(%s).astype(float)" % (npfn, x[1]), 9)
    if kind == "cmp":
        op = rng.choice(["<", "<=", ">", ">=", "==", "!="])
        x, y = tree(depth - 1, smooth), tree(depth - 1, smooth)
        return ("%s %s %s" % (wrap(x, 5), op, wrap(y, 5)),
                "((%s %s %s) + 0.)" % (x[1], op, y[1]), 4)
    if kind == "logic":
        op, p, fn = rng.choice([("&&", 2, "and"), ("and", 2, "and"),
                                ("||", 1, "or"), ("or", 1, "or")])
        x, y = tree(depth - 1, smooth), tree(depth - 1, smooth)
        return ("%s %s %s" % (wrap(x, p), op, wrap(y, p + 1)),
                "(np.logical_%s(%s, %s) + 0.)" % (fn, x[1], y[1]), p)
    x = tree(depth - 1, smooth)
    return ("not " + wrap(x, 3) if kind == "not" else "!" + wrap(x, 7),
            "(np.logical_not(%s) + 0.)" % x[1], 3 if kind == "not" else 7)


def wrap(x, p):
    return x[0] if x[2] >= p and rng.random() < .9 else "(%s)" % x[0]


def calculate(texts, cols, tmp):
    np.concatenate(cols).tofile(tmp / "cols")
    r = subprocess.run([B / "tests" / "exprcalc", tmp / "cols"],
                       input="".join(t + "\n" for t in texts).encode(),
                       capture_output=True, timeout=300, check=False)
    if r.returncode or r.stderr:
        raise RuntimeError(r.stderr.decode())
    return np.frombuffer(r.stdout).reshape(len(texts), -1)


def expressions(tmp):
    npr = np.random.default_rng(SEED)
    n = 4096 + 77
    cols = [npr.normal(size=n) * 10**npr.integers(-3, 4, n).astype(float),
            npr.integers(-3, 4, n).astype(float),
            npr.random(n), npr.integers(0, 1000, n) / 4]
    for c in cols[:3]:
        c[npr.integers(0, n, 40)] = np.nan
        c[npr.integers(0, n, 20)] = np.inf
        c[npr.integers(0, n, 20)] = -np.inf
        c[npr.integers(0, n, 40)] = -0.0
    env = dict(zip("abcd", cols), np=np, power=lambda *v: np.power(
        # arrays: for scalars NumPy has ways of its own
        *(np.array(x, float) for x in np.broadcast_arrays(*v, cols[0])[:2])))
    trees = [tree(rng.randint(1, 6), False) for _ in range(COUNT)]
    got = calculate([t[0] for t in trees], cols, tmp)
    bad = []
    with np.errstate(all="ignore"):
        for t, g in zip(trees, got):
            want = np.broadcast_to(np.asarray(eval(t[1], env), float), n)
            # which zero min and max give is nobody's business
            ok = np.array_equal(g, want, equal_nan=True) and (
                "m" in t[0] or np.array_equal(
                    np.signbit(g[~np.isnan(g)]),
                    np.signbit(want[~np.isnan(g)])))
            if not ok:
                i = int(np.flatnonzero(~((g == want) | (
                    np.isnan(g) & np.isnan(want))))[0]) if \
                    not np.array_equal(g, want, equal_nan=True) else -1
                bad.append((t[0], t[1], i, g[i], want[i]))
    result(not bad, "%d expressions, every bit" % COUNT, bad[:3])
    # functions of the mathematical library: to some units of the last place
    trees = []
    for _ in range(COUNT // 4):
        x, y = tree(rng.randint(0, 1), True), tree(rng.randint(0, 1), True)
        fn = rng.choice(["exp", "log", "log10", "**"])
        if fn == "**":
            trees.append(("%s ** %s" % (wrap(x, 9), wrap(y, 7)),
                          "power(%s, %s)" % (x[1], y[1])))
        else:
            trees.append(("%s(%s)" % (fn, x[0]),
                          "np.%s(%s)" % (fn, x[1])))
    trees += [("-a ** 2", "-power(a, 2)"), ("2 ** -b", "power(2., -b)"),
              ("2 ** 3 ** .5", "np.float64(2)**(3**.5)"),
              ("!a ** b", "np.logical_not(power(a, b)) + 0.")]
    got = calculate([t[0] for t in trees], cols, tmp)
    bad = []
    with np.errstate(all="ignore"):
        for t, g in zip(trees, got):
            want = np.broadcast_to(np.asarray(eval(t[1], env), float), n)
            if not np.allclose(g, want, rtol=1e-12, atol=0, equal_nan=True):
                i = np.flatnonzero(~np.isclose(g, want, rtol=1e-12, atol=0,
                                               equal_nan=True))[0]
                bad.append((t, cols[0][i], cols[1][i], g[i], want[i]))
    result(not bad, "%d powers, logarithms" % len(trees), bad[:3])


def main():
    paths = samples()
    if not paths:
        print("# no samples")
    with tempfile.TemporaryDirectory() as tmp:
        tmp = pathlib.Path(tmp)
        expressions(tmp)
        for p in paths:
            test_values(p)
            test_dclab(p)
            test_list(p)
        if paths:
            selections(paths, tmp)
            arrays(paths, tmp)
            os.environ["XDG_CACHE_HOME"] = str(tmp / "cache")
            server = Server(paths[0].parent)
            selections(paths, tmp, server.name, " over HTTP", COUNT // 4)
            arrays(paths, tmp, server.name, " over HTTP")
            server.close()
    print("1..%d" % tests)
    sys.exit(failed > 0)


main()
