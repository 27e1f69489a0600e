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


if __name__ == "__main__":
    if "--record" in sys.argv:
        record(None)
    elif "--show" in sys.argv:
        record(int(sys.argv[sys.argv.index("--show") + 1]))
