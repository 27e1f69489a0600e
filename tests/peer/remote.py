# SPDX-License-Identifier: GPL-3.0-or-later
# needs: h5py
"""Every feature of every measurement that is there, and random events of
them, over HTTP, S3 and signed URLs: the bytes that h5py reads of the file.
"""
import os
import pathlib
import random
import subprocess
import sys
import tempfile

import peerlib

DATA = pathlib.Path(os.environ.get(
    "DCOR_TEST_DATA", pathlib.Path(__file__).parents[3] / "shared/data"))
ID, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI"
SELECTIONS = int(os.environ.get("SELECTIONS", "300"))


def tool(name, *args, env):
    """Output, or the last line of what went wrong"""
    r = subprocess.run([peerlib.B / name, *args], env=env, timeout=120,
                       capture_output=True, check=False)
    return r.stdout if r.returncode == 0 else \
        "%d %s" % (r.returncode, r.stderr.decode().strip()[-300:])


def columns(h, group="events"):
    """Names of what has rows, without contours and text"""
    for name, x in h[group].items():
        if isinstance(x, peerlib.h5py.Group):
            if name != "contour":
                yield from columns(h, f"{group}/{name}")
        elif x.ndim > 0 and x.dtype.kind in "iufb":
            yield f"{group}/{name}"[len("events/"):]


def native(x):
    return peerlib.np.ascontiguousarray(
        x, dtype=x.dtype.newbyteorder("=")).tobytes()


def schemes(url, path, env):
    """The names of a file that was put into a bucket"""
    key = "s3://bkt/" + path.name
    yield "http", f"{url}/static/{path.parent.name}/{path.name}"
    yield "s3", key
    for v in "v4", "v2":
        yield v, tool("bin/dcor-presign", "--signature", v, key,
                      env=env).decode().strip()


def main():
    files = sorted(DATA.glob("rtdc/*.rtdc")) + sorted(
        DATA.glob("hdf5-2.0/*.rtdc"))
    if not files:
        print("1..0 # SKIP no measurements")
        return 0
    httpd = subprocess.Popen(
        [peerlib.B / "tests/httpd", "--until-eof", "--root", DATA, "--key",
         f"{ID}:{SECRET}"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        text=True)
    url = httpd.stdout.readline().strip()
    bad, rng, cases = [], random.Random(1), []
    with tempfile.TemporaryDirectory(prefix="dcor-peer.") as tmp:
        env = dict(os.environ, AWS_ENDPOINT_URL=url, AWS_ACCESS_KEY_ID=ID,
                   AWS_SECRET_ACCESS_KEY=SECRET, AWS_REGION="us-east-1",
                   HOME=tmp, XDG_CACHE_HOME=tmp)
        tool("tests/s3tool", "mkbucket", "bkt", env=env)
        for i, path in enumerate(files):
            tool("tests/s3tool", "put", path, "bkt", path.name, env=env)
            names = list(schemes(url, path, env))
            with peerlib.h5py.File(path) as h:
                data = {n: h["events/" + n][:] for n in columns(h)}
            want = b"".join(map(native, data.values()))
            cases += [(path, names, f, v) for f, v in data.items() if
                      len(v)]
            wrong = [s for s, name in names if tool(
                "tests/measure", "-q", "-F", ",".join(data), name,
                env=env) != want]
            bad += wrong
            print(f"{'not ' * bool(wrong)}ok {i + 1} - {path.name}, "
                  f"{len(data)} features {wrong or ''}", flush=True)
        wrong = 0
        for _ in range(SELECTIONS):
            path, names, feat, v = rng.choice(cases)
            pick = [rng.randrange(len(v)) for _ in range(rng.randint(1, 40))]
            scheme, name = rng.choice(names)
            got = tool("tests/measure", "-q", "-F", feat, "--events",
                       ",".join(map(str, pick)), name, env=env)
            if got != native(v[pick]):
                wrong += 1
                print(f"#   {scheme} {path.name} {feat} {pick}")
        print(f"{'not ' * bool(wrong)}ok {len(files) + 1} - {SELECTIONS} "
              f"random selections")
    print(f"1..{len(files) + 1}")
    httpd.stdin.close()
    httpd.wait()
    return bool(bad or wrong)


if __name__ == "__main__":
    sys.exit(main())
