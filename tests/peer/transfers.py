# SPDX-License-Identifier: GPL-3.0-or-later
# needs: boto3
"""Objects of other programs read by us and proven; ours read by them.

boto3 always, aws and rclone when they are on PATH.  The store is S3_ENDPOINT
(with AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION) or the test
server.  Prints TAP.
"""
import hashlib
import os
import random
import shutil
import subprocess
import sys
import tempfile

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.client import Config

BIN = os.path.join(os.path.abspath(os.environ.get("B", "build")), "tests")
MIB = 1 << 20
results = []
os.environ.pop("AWS_CA_BUNDLE", None)  # which rclone cannot take
env = dict(os.environ, AWS_EC2_METADATA_DISABLED="true",
           AWS_REQUEST_CHECKSUM_CALCULATION="when_required",
           AWS_RESPONSE_CHECKSUM_VALIDATION="when_required")


def equal(name, got, want):
    results.append(got == want)
    print(f"{'ok' if got == want else 'not ok'} {len(results)} - {name}")
    if got != want:
        print(f"# got {got!r}, want {want!r}")


def run(*args):
    p = subprocess.run(args, env=env, capture_output=True, text=True,
                       check=False)
    if p.returncode:
        print(f"# {args[0]}: {p.stderr.strip()}")
    return p.returncode, p.stdout.strip().split("\t")


def s3tool(*args):
    return run(os.path.join(BIN, "s3tool"), *args)


def sha256(path):
    with open(path, "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()


def main():
    server = None
    if "S3_ENDPOINT" in os.environ:
        url = os.environ["S3_ENDPOINT"]
        region = os.environ.get("AWS_REGION", "us-east-1")
    else:
        server = subprocess.Popen(
            [os.path.join(BIN, "httpd"), "--until-eof", "--key",
             "AKIDEXAMPLE:wJalrXUtn"], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True)
        url, region = server.stdout.readline().strip(), "us-east-1"
        env.update(AWS_ACCESS_KEY_ID="AKIDEXAMPLE",
                   AWS_SECRET_ACCESS_KEY="wJalrXUtn")
    tmp = tempfile.mkdtemp()
    os.chdir(tmp)
    env.update(AWS_ENDPOINT_URL=url, AWS_REGION=region,
               AWS_DEFAULT_REGION=region, HOME=tmp)
    os.environ.update(env)
    s3 = boto3.client("s3", config=Config(
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required"))
    bucket = f"dcor-peer-{os.getpid()}"
    s3.create_bucket(Bucket=bucket)
    rng = random.Random(1)
    for size in (0, 1, 63, 64, 8 * MIB - 1, 8 * MIB, 8 * MIB + 1, 16 * MIB,
                 16 * MIB + 1, 20 * MIB + 12345, 41 * MIB):
        with open("f", "wb") as f:
            f.write(rng.randbytes(size))
        want = sha256("f")
        for part in (5 * MIB, 8 * MIB, 7 * MIB + 1):
            s3.upload_file("f", bucket, "theirs", Config=TransferConfig(
                multipart_threshold=part + 1, multipart_chunksize=part))
            etag = s3.head_object(Bucket=bucket,
                                  Key="theirs")["ETag"].strip('"')
            rc, out = s3tool("--part", str(part), "put", "f", bucket, "ours")
            equal(f"{size} in {part}: ETag as boto3's", (rc, out[2]),
                  (0, etag))
            rc, out = s3tool("--part", str(part), "etag", "f")
            equal(f"{size} in {part}: ETag of the file", out, [etag])
            for key in ("ours", "theirs"):
                rc, out = s3tool("--sum", "-f", "get", bucket, key, "g")
                known = part != 7 * MIB + 1 or size <= part
                equal(f"{size} in {part}: {key} read by us",
                      (rc, out[3], sha256("g"), not known or out[4] == "1"),
                      (0, want, want, True))
            s3.download_file(bucket, "ours", "h")
            equal(f"{size} in {part}: ours read by boto3", sha256("h"), want)
    with open("rclone.conf", "w", encoding="ascii") as f:
        f.write(f"[s]\ntype = s3\nprovider = Other\nenv_auth = true\n"
                f"endpoint = {url}\nregion = {region}\n")
    rclone = ["rclone", "--config", "rclone.conf", "copyto",
              "--s3-no-check-bucket"]
    others = {
        "aws": (["aws", "s3", "cp", "--quiet", "f", f"s3://{bucket}/o"],
                ["aws", "s3", "cp", "--quiet", f"s3://{bucket}/ours", "h"]),
        "rclone": ([*rclone, "--s3-upload-cutoff", "5M", "f",
                    f"s:{bucket}/o"], [*rclone, f"s:{bucket}/ours", "h"]),
    }
    for prog, (put, get) in others.items():
        if shutil.which(prog) is None:
            print(f"# {prog}: not here")
            continue
        equal(f"{prog}: put", run(*put)[0], 0)
        rc, out = s3tool("--sum", "-f", "get", bucket, "o", "g")
        equal(f"{prog}'s, read by us and proven",
              (rc, out[3], out[4], sha256("g")), (0, want, "1", want))
        os.remove("h")
        equal(f"ours, read by {prog}", (run(*get)[0], sha256("h")),
              (0, want))
    keys = ["a b", "ü/é", "+", "%2B", "a//b", "?", "#", "&=", "日本", "\t",
            "a\nb", "*'()!~", "\\", "{}"]
    for key in keys:
        s3.put_object(Bucket=bucket, Key="k/" + key, Body=key.encode())
        rc, out = run(os.path.join(BIN, "s3tool"), "cat", bucket, "k/" + key)
        equal(f"key {key!r} of boto3", (rc, "\t".join(out)),
              (0, key.strip()))
    out = subprocess.run([os.path.join(BIN, "s3tool"), "list", bucket, "k/"],
                         env=env, capture_output=True, check=False).stdout
    got = [line.split(b"\t")[0] for line in out.splitlines()]
    equal("a listing in the order of boto3",
          [k.replace(b"\\t", b"\t").replace(b"\\n", b"\n")
           .replace(b"\\\\", b"\\") for k in got],
          [o["Key"].encode() for o in s3.list_objects_v2(
              Bucket=bucket, Prefix="k/")["Contents"]])
    os.chdir("/")
    shutil.rmtree(tmp)
    if server is not None:
        server.stdin.close()
        server.wait()
    print(f"1..{len(results)}")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
