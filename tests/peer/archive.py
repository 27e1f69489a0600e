# SPDX-License-Identifier: GPL-3.0-or-later
# needs: boto3
"""dcor-archive beside boto3: what boto3 puts into a store is what comes out
of the archive, and what Python's tarfile finds in the bundles.

S3_ENDPOINT (with AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY): the store;
without, the one of the tests.  PEER_SEED: other objects (1).
"""
import hashlib
import os
import pathlib
import random
import subprocess
import sys
import tarfile
import tempfile

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config

B = pathlib.Path(os.environ.get("B", "build")).resolve()
RND = random.Random(int(os.environ.get("PEER_SEED", "1")))
MIB = 1 << 20


def start():
    """endpoint, id, secret, server or None"""
    if os.environ.get("S3_ENDPOINT"):
        return (os.environ["S3_ENDPOINT"], os.environ["AWS_ACCESS_KEY_ID"],
                os.environ["AWS_SECRET_ACCESS_KEY"], None)
    p = subprocess.Popen([B / "tests" / "httpd", "--until-eof", "--key",
                          "AKID:SECRET"], stdin=subprocess.PIPE,
                         stdout=subprocess.PIPE, text=True)
    return p.stdout.readline().strip(), "AKID", "SECRET", p


def keys():
    """keys that are hard on paths, tables and URLs"""
    odd = ["a", "a/b", "a/b/c", "a//b", "/a", "a/", "../../x", "./.", "%41",
           "A", "%n", "a%g2", "tab\there", "new\nline", "quote\"'`$;|",
           "ü/é", "日本語", "x" * 900, "d/" + "ä" * 300, "small_objects/x",
           "sp ace", "plus+plus", "q?a=b#c", "back\\slash", "é" * 200 + "/z"]
    for _ in range(60):
        n = RND.randrange(1, 30)
        odd.append("".join(RND.choice("ab/.% ~é\\&<>*") for _ in range(n)))
    return sorted(set(odd))


def run(*args, env, status=0):
    r = subprocess.run([B / "bin" / "dcor-archive", *map(str, args)],
                       env=env, capture_output=True, text=True, check=False)
    if r.returncode != status:
        sys.exit(f"{args}: status {r.returncode}\n{r.stderr}")
    return r


def untsv(text):
    out, i = [], 0
    while i < len(text):
        if text[i] == "\\":
            out.append({"t": "\t", "n": "\n", "r": "\r",
                        "\\": "\\"}[text[i + 1]])
            i += 1
        else:
            out.append(text[i])
        i += 1
    return "".join(out)


def main(tmp):
    endpoint, key_id, secret, server = start()
    s3 = boto3.client(
        "s3", endpoint_url=endpoint, aws_access_key_id=key_id,
        aws_secret_access_key=secret, region_name="us-east-1",
        config=Config(s3={"addressing_style": "path"},
                      request_checksum_calculation="when_required"))
    bucket = f"circle-peer-{os.getpid()}"
    s3.create_bucket(Bucket=bucket)
    want = {}
    for i, key in enumerate(keys()):
        data = RND.randbytes(RND.choice([0, 1, 511, 512, 513, 100000]) + i)
        s3.put_object(Bucket=bucket, Key=key, Body=data)
        want[key] = hashlib.sha256(data).hexdigest()
    conf = TransferConfig(multipart_threshold=5 * MIB,
                          multipart_chunksize=5 * MIB)
    for i, size in enumerate([3 * MIB, 5 * MIB, 17 * MIB + 3, 10 * MIB]):
        data = RND.randbytes(size)
        path = tmp / "up"
        path.write_bytes(data)
        s3.upload_file(str(path), bucket, f"large/{i}", Config=conf)
        want[f"large/{i}"] = hashlib.sha256(data).hexdigest()

    env = {**os.environ, "AWS_ACCESS_KEY_ID": key_id,
           "AWS_SECRET_ACCESS_KEY": secret, "AWS_REGION": "us-east-1"}
    (tmp / "tree").mkdir()
    (tmp / "out").mkdir()
    jobs = tmp / "jobs.yaml"
    jobs.write_text(f"jobs:\n  j:\n    endpoint: {endpoint}\n"
                    f"    archive: {tmp}/tree\n    buckets: {bucket}$\n")
    r = run("-c", jobs, env=env)
    assert r.stdout == r.stderr == "", r.stderr
    r = run("-c", jobs, "-v", env=env)
    assert "new 0, changed 0" in r.stderr, r.stderr

    got = {}
    for line in run("-c", jobs, "--list", env=env).stdout.splitlines():
        f = line.split("\t")
        got[untsv(f[1]).removeprefix(f"s3://{bucket}/")] = f[5]
    assert got == want, {k for k in got if got[k] != want.get(k)}
    print(f"ok - {len(want)} keys and their SHA-256")

    r = run("-c", jobs, "--json", "--restore", "-o", tmp / "out", env=env)
    sums = sorted(hashlib.sha256(p.read_bytes()).hexdigest()
                  for p in (tmp / "out").rglob("*") if p.is_file())
    assert sums == sorted(want.values())
    print("ok - restored")

    members = {}
    for bundle in (tmp / "tree" / bucket / "small_objects").glob("*.tar"):
        with tarfile.open(bundle) as t:
            for m in t:
                assert m.name not in members and m.isreg(), m.name
                data = t.extractfile(m).read()
                members[m.name] = hashlib.sha256(data).hexdigest()
            t.extractall(tmp / "untar", filter="data")
    small = sorted(v for k, v in want.items() if not k.startswith("large/"))
    assert sorted(members.values()) == small
    sums = sorted(hashlib.sha256(p.read_bytes()).hexdigest()
                  for p in (tmp / "untar").rglob("*") if p.is_file())
    assert sums == small
    print(f"ok - {len(small)} members for tarfile, unpacked as well")

    back = bucket + "-back"
    s3.create_bucket(Bucket=back)
    run("-c", jobs, "--restore", "-o", f"s3://{back}/", env=env)
    for key, sha in want.items():
        data = s3.get_object(Bucket=back, Key=key)["Body"].read()
        assert hashlib.sha256(data).hexdigest() == sha, key
    print("ok - restored to a bucket")
    for b in (bucket, back):
        for key in want:
            s3.delete_object(Bucket=b, Key=key)
        s3.delete_bucket(Bucket=b)
    r = run("-c", jobs, env=env)
    assert f"{len(want)} vanished" in r.stderr, r.stderr
    print("ok - all vanished, all kept")
    if server is not None:
        server.stdin.close()
        server.wait()


with tempfile.TemporaryDirectory() as d:
    main(pathlib.Path(d))
