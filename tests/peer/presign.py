# SPDX-License-Identifier: GPL-3.0-or-later
# needs: boto3
"""Pre-signed URLs: dcor-presign against boto3.

PEER_N: how many URLs (3000), PEER_SEED: other ones (1).
--record: instead write what tests/unit/presign.c compares with, the SHA-256
of boto3's URLs of 100 blocks of 100 made-up requests; --show N: print those
of block N.
"""
import datetime
import functools
import hashlib
import os
import pathlib
import random
import subprocess
import sys
import time
import types

try:
    import boto3
    import botocore.auth
    from botocore.config import Config
except ImportError:
    print("presign: skipped: no boto3")
    sys.exit(0)

HERE = pathlib.Path(__file__).resolve().parent
B = pathlib.Path(os.environ.get("B", "build")).resolve()
ID = "AKIAIOSFODNN7EXAMPLE"
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
TOKEN = "FwoGZXIvYXdzE/+=token"
ENDPOINTS = ["https://objectstore.example.org", "http://s3.example.org:8080",
             "https://s3.example.org:8443/pre/fix", "http://127.0.0.1:9000"]
REGIONS = ["us-east-1", "eu-central-1", "default"]
BUCKETS = ["bucket", "my.bucket", "circle-8a94c10a-7f9b-4b5c", "My_Bucket"]
CALLS = ["get_object", "put_object", "head_object", "delete_object",
         "create_multipart_upload", "upload_part",
         "complete_multipart_upload", "abort_multipart_upload"]
ODD = "/+% ?#&=.-_~:;,@!$'()*[]{}|\\\"<>^`"

now = 0
botocore.auth.get_current_datetime = lambda *_, **__: \
    datetime.datetime.fromtimestamp(now, datetime.timezone.utc).replace(
        tzinfo=None)
botocore.auth.time = types.SimpleNamespace(
    time=lambda: now, strftime=time.strftime, gmtime=time.gmtime)


@functools.cache
def client(endpoint, region, virtual, version, token):
    return boto3.session.Session().client(
        "s3", endpoint_url=endpoint, region_name=region,
        aws_access_key_id=ID, aws_secret_access_key=SECRET,
        aws_session_token=token, config=Config(
            signature_version="s3v4" if version == 4 else "s3",
            s3={"addressing_style": "virtual" if virtual else "path"}))


def presign(where, call, when, expires, **params):
    global now
    now = when
    return client(*where).generate_presigned_url(call, Params=params,
                                                 ExpiresIn=expires)


class Pick:
    """Knuth's MMIX generator, as in tests/unit/presign.c"""
    state = 20130524

    def __call__(self, n):
        self.state = (self.state * 6364136223846793005 +
                      1442695040888963407) % 2**64
        return (self.state >> 33) % n

    def text(self, n):
        s = ""
        for _ in range(n):
            k = self(6)
            if k == 0:
                s += chr(0x20 + self(95))
            elif k == 1:
                s += ODD[self(len(ODD))]
            elif k == 2:
                s += chr(0xa0 + self(0x700))
            elif k == 3:
                s += chr(0x4e00 + self(0x5000))
            elif k == 4:
                s += chr(0x1f300 + self(0x300))
            else:
                s += chr(ord("a") + self(26))
        return s


def recorded(pick):
    e, v = pick(len(ENDPOINTS)), pick(2)
    region = REGIONS[pick(len(REGIONS))]
    version = 2 if pick(5) == 0 else 4
    token = TOKEN if pick(3) == 0 else None
    p = {"Bucket": BUCKETS[pick(len(BUCKETS))]}
    call = CALLS[pick(8)]
    p["Key"] = pick.text(1 + pick(40))
    when = 1369353600 + pick(500000000)
    expires = 1 + pick(604800)
    if call == "get_object":
        if pick(3) == 0:
            p["ResponseContentDisposition"] = \
                f'attachment; filename="{pick.text(1 + pick(12))}"'
        if pick(3) == 0:
            p["ResponseContentType"] = "text/plain; charset=utf-8"
    if call in ("get_object", "head_object", "delete_object") \
            and pick(4) == 0:
        p["VersionId"] = "3/L4kqtJl+x="
    if call in CALLS[5:]:
        p["UploadId"] = f"2~{pick(1000000)}/+="
    if call == "upload_part":
        p["PartNumber"] = 1 + pick(10000)
    return presign((ENDPOINTS[e], region, bool(v) and e != 3, version,
                    token), call, when, expires, **p) + "\n"


def record(show):
    pick, lines = Pick(), []
    for i in range(100):
        block = "".join(recorded(pick) for _ in range(100))
        lines.append(hashlib.sha256(block.encode()).hexdigest() + "\n")
        if show == i:
            sys.stdout.write(block)
    if show is None:
        (HERE.parent / "data" / "presign.txt").write_text("".join(lines))


def method(call):
    return ["-X", call.split("_")[0]]


def live(n, seed):
    """Random runs of the program, a list of keys each, against boto3."""
    r = random.Random(seed)
    letters = [chr(c) for c in range(0x20, 0x7f)] + list(ODD) * 2 + \
        list("aZ0/\t\r\x01\x7fäß€漢😀\u0301\ufffd")
    done = 0
    while done < n:
        e, region = r.choice(ENDPOINTS), r.choice(REGIONS)
        virtual = r.random() < .5 and "127" not in e
        version, token = r.choice([4, 4, 4, 2]), r.choice([None, TOKEN])
        bucket, call = r.choice(BUCKETS), r.choice(CALLS)
        when = r.randrange(1, 4 * 10**9)
        expires = r.choice([1, 604800, r.randrange(1, 604800)])
        keys = ["".join(r.choice(letters) for _ in range(r.randrange(1, 60)))
                for _ in range(r.randrange(1, 60))]
        args, p = [], {}
        if call == "get_object" and r.random() < .5:
            p["ResponseContentDisposition"] = \
                'attachment; filename="a b.rtdc"'
            args += ["--filename", "a b.rtdc"]
        if call in ("get_object", "head_object") and r.random() < .3:
            if call == "get_object":
                p["ResponseContentType"] = "a/b; c=ä"
                args += ["--response-type", "a/b; c=ä"]
            p["VersionId"] = "v+/="
            args += ["--version-id", "v+/="]
        part = r.randrange(1, 20)
        if call in CALLS[:4]:
            args += method(call)
        else:
            args += ["--multipart", str(part)]
        if call in CALLS[5:]:
            p["UploadId"] = "2~a/+="
            args += ["--upload-id", "2~a/+="]
        if call == "upload_part":
            p["PartNumber"] = part
        env = {"AWS_ACCESS_KEY_ID": ID, "AWS_SECRET_ACCESS_KEY": SECRET,
               "HOME": "/nonexistent"}
        if token:
            env["AWS_SESSION_TOKEN"] = token
        got = subprocess.run(
            [B / "bin" / "dcor-presign", "-q0", "--endpoint", e, "--region",
             region, "--addressing", "virtual" if virtual else "path",
             "--signature", f"v{version}", "--date", str(when), "-e",
             str(expires), *args],
            input="\0".join(f"s3://{bucket}/{k}" for k in keys).encode(),
            env=env, check=True, capture_output=True)
        lines = got.stdout.decode().splitlines()
        if call in CALLS[5:]:           # parts, complete, abort of each key
            at = {"upload_part": part - 1, "complete_multipart_upload": part,
                  "abort_multipart_upload": part + 1}[call]
            lines = lines[at::part + 2]
        want = [presign((e, region, virtual, version, token), call, when,
                        expires, Bucket=bucket, Key=k, **p) for k in keys]
        if lines != want:
            for k, x, y in zip(keys, lines, want):
                if x != y:
                    print(f"presign: {call} {k!r}\n  ours  {x}\n  boto3 {y}")
            print(f"presign: {len(lines)} of {len(want)}: {got.args}")
            return 1
        done += len(keys)
    print(f"presign: {done} URLs as boto3's (seed {seed})")
    return 0


if __name__ == "__main__":
    if "--record" in sys.argv:
        record(None)
    elif "--show" in sys.argv:
        record(int(sys.argv[sys.argv.index("--show") + 1]))
    else:
        sys.exit(live(int(os.environ.get("PEER_N", 3000)),
                      int(os.environ.get("PEER_SEED", 1))))
