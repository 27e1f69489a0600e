# SPDX-License-Identifier: GPL-3.0-or-later
# needs: boto3
"""The test server (tests/httpd.c) judged by boto3, and beside a real one.

boto3 does to the server what a client does to S3: a whole life of buckets
and objects, hostile names, signatures of both versions, good and bad.  When
S3_ENDPOINT, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY name a Ceph gateway,
a list of requests, mostly wrong ones, goes to both servers and the answers
must agree; where they are known not to, DIFFER says why.  Prints TAP.
"""
import datetime
import hashlib
import http.client
import os
import re
import socket
import subprocess
import sys
import urllib.parse
import uuid

try:
    import boto3
    import botocore.auth
    import botocore.awsrequest
    import botocore.credentials
    from botocore.client import Config
    from botocore.exceptions import ClientError
except ImportError:
    print("1..0 # SKIP no boto3")
    sys.exit(0)

PROG = os.path.join(os.environ.get("B", "build"), "tests", "httpd")
ID, SECRET, TOKEN = "AKIDEXAMPLE", "wJalr/XUtn+FEMI", "to/ken+=="
POLICY = """{"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
 "Principal": "*", "Action": ["s3:GetObject"],
 "Resource": ["arn:aws:s3:::%s/*"], "Condition": {"StringEquals":
 {"s3:ExistingObjectTag/public": "true"}}}]}"""
MIB = 1 << 20
results = []


def check(name, good, note=""):
    results.append(bool(good))
    print(f"{'ok' if good else 'not ok'} {len(results)} - {name}")
    if not good:
        print(f"# {note}")


def equal(name, got, want):
    check(name, got == want, f"got {got!r}, want {want!r}")


class Httpd:
    def __init__(self, *args):
        self.proc = subprocess.Popen([PROG, "--until-eof", *args],
                                     stdin=subprocess.PIPE,
                                     stdout=subprocess.PIPE, text=True)
        self.url = self.proc.stdout.readline().strip()

    def close(self):
        self.proc.stdin.close()
        return self.proc.wait(20)


def client(url, key=ID, secret=SECRET, version="s3v4", token=None, **kw):
    return boto3.client(
        "s3", endpoint_url=url, aws_access_key_id=key,
        aws_secret_access_key=secret, aws_session_token=token,
        region_name="us-east-1", config=Config(
            signature_version=version, retries={"max_attempts": 0},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            s3={"addressing_style": "path"}, **kw))


def failure(fn, *args, **kw):
    """(status, code) of a call that must fail; (status, "") if it does not"""
    try:
        r = fn(*args, **kw)
    except ClientError as e:
        return (e.response["ResponseMetadata"]["HTTPStatusCode"],
                e.response["Error"]["Code"])
    return r["ResponseMetadata"]["HTTPStatusCode"], ""


def fetch(method, url, body=None, headers=()):
    """(status, code, body, headers) of a request as it stands"""
    to = urllib.parse.urlsplit(url)
    c = http.client.HTTPConnection(to.netloc, timeout=30)
    c.request(method, url[url.index(to.netloc) + len(to.netloc):], body,
              dict(headers))
    r = c.getresponse()
    data = r.read()
    c.close()
    code = re.search(rb"<Code>([^<]*)</Code>", data[:2000])
    return (r.status, code.group(1).decode() if code else "", data,
            r.headers)


def signed(url, key, secret, method, path, body=b"", headers=(), token=None,
           payload=None):
    """A request with a header signature by botocore, any path."""
    req = botocore.awsrequest.AWSRequest(method, url + path, data=body,
                                         headers=dict(headers))
    if payload:
        req.headers["X-Amz-Content-SHA256"] = payload
    cred = botocore.credentials.Credentials(key, secret, token)
    botocore.auth.S3SigV4Auth(cred, "s3", "us-east-1").add_auth(req)
    return dict(req.headers)


NAMES = ["plain", "a b", "a+b", "a%20b", "a%2Fb", "a//b", "./a", "a/../b",
         "a/./b", "/slash", "sl/ash/", "ü/é", "日本語.rtdc", "a&b=c;d", "<a>",
         'q"uote', "it's", "tilde~_-.", "a?b#c", "a\tb", "a\nb", "a\\b", "*",
         "a:b@c!$,()[]{}|^`", "%", "%zz", "=", "&amp;", "𝄞", "é",
         "x" * 1024]


def life(s3, url):
    equal("no buckets", s3.list_buckets()["Buckets"], [])
    s3.create_bucket(Bucket="bucket")
    equal("bucket", [b["Name"] for b in s3.list_buckets()["Buckets"]],
          ["bucket"])
    equal("head bucket", failure(s3.head_bucket, Bucket="bucket"), (200, ""))
    equal("no such bucket", failure(s3.head_bucket, Bucket="nonesuch"),
          (404, "404"))
    data = os.urandom(300000)
    for n in (0, 1, 65536, 65537, 300000):
        r = s3.put_object(Bucket="bucket", Key="o", Body=data[:n])
        equal(f"ETag of {n} bytes", r["ETag"],
              f'"{hashlib.md5(data[:n]).hexdigest()}"')
        g = s3.get_object(Bucket="bucket", Key="o")
        check(f"get {n} bytes", g["Body"].read() == data[:n] and
              g["ContentLength"] == n and g["ETag"] == r["ETag"])
    for spec, want in (("bytes=0-0", data[:1]), ("bytes=5-", data[5:]),
                       ("bytes=-7", data[-7:]),
                       ("bytes=299990-400000", data[299990:]),
                       ("bytes=65530-65540", data[65530:65541])):
        g = s3.get_object(Bucket="bucket", Key="o", Range=spec)
        check(spec, g["Body"].read() == want and
              g["ContentRange"].endswith("/300000"))
    s3.put_object(Bucket="bucket", Key="o", Body=b"x", ContentType="a/b",
                  Metadata={"one": "1"}, CacheControl="no-cache")
    h = s3.head_object(Bucket="bucket", Key="o")
    equal("kept headers", (h["ContentType"], h["Metadata"],
                           h["CacheControl"]), ("a/b", {"one": "1"},
                                                "no-cache"))
    g = s3.get_object(Bucket="bucket", Key="o", ResponseContentType="c/d",
                      ResponseContentDisposition='attachment; filename="x"')
    equal("response-*", (g["ContentType"], g["ContentDisposition"]),
          ("c/d", 'attachment; filename="x"'))
    check("now", abs((h["LastModified"] - datetime.datetime.now(
        datetime.timezone.utc)).total_seconds()) < 60)
    s3.delete_object(Bucket="bucket", Key="o")
    equal("deleted", failure(s3.get_object, Bucket="bucket", Key="o"),
          (404, "NoSuchKey"))
    names(s3)
    listing(s3)
    tags(s3, url)
    copies(s3)


def names(s3):
    bad = []
    for i, k in enumerate(NAMES):
        s3.put_object(Bucket="bucket", Key=k, Body=b"%d" % i)
    for i, k in enumerate(NAMES):
        got = s3.get_object(Bucket="bucket", Key=k)["Body"].read()
        u = s3.generate_presigned_url("get_object", Params={
            "Bucket": "bucket", "Key": k})
        if got != b"%d" % i or fetch("GET", u)[2] != got:
            bad.append(k)
    equal("hostile names", bad, [])
    equal("hostile names in order", [o["Key"] for o in s3.list_objects_v2(
        Bucket="bucket")["Contents"]],
        sorted(set(NAMES), key=lambda k: k.encode()))
    for k in NAMES:
        s3.delete_object(Bucket="bucket", Key=k)


def pages(s3, op, **kw):
    p = s3.get_paginator(op)
    return list(p.paginate(Bucket="bucket", **kw))


def listing(s3):
    keys = [f"{'abc'[i % 3]}/{i % 7}/k {i:04}ü+&" for i in range(3000)]
    for k in keys:
        s3.put_object(Bucket="bucket", Key=k, Body=b"")
    keys.sort(key=lambda k: k.encode())
    for op in ("list_objects_v2", "list_objects"):
        ps = pages(s3, op)
        equal(f"{op}: 3000 keys", [o["Key"] for p in ps for o in
                                   p["Contents"]], keys)
        equal(f"{op}: pages", len(ps), 3)
        ps = pages(s3, op, Prefix="b/", PaginationConfig={"PageSize": 7})
        equal(f"{op}: prefix", [o["Key"] for p in ps for o in
                                p["Contents"]],
              [k for k in keys if k.startswith("b/")])
        for size in (1, 2, 1000):
            ps = pages(s3, op, Prefix="c/", Delimiter="/",
                       PaginationConfig={"PageSize": size})
            equal(f"{op}: groups by {size}",
                  [g["Prefix"] for p in ps for g in
                   p.get("CommonPrefixes", [])],
                  [f"c/{i}/" for i in range(7)])
    r = s3.list_objects_v2(Bucket="bucket", StartAfter=keys[1499],
                           MaxKeys=2)
    equal("start-after", [o["Key"] for o in r["Contents"]], keys[1500:1502])
    r = s3.list_objects_v2(Bucket="bucket", MaxKeys=0)
    equal("max-keys 0", (r["KeyCount"], r["IsTruncated"]), (0, False))
    for i in range(0, 3000, 1000):
        s3.delete_objects(Bucket="bucket", Delete={
            "Objects": [{"Key": k} for k in keys[i:i + 1000]]})
    equal("all deleted", s3.list_objects_v2(Bucket="bucket")["KeyCount"], 0)


def tags(s3, url):
    pair = [{"Key": "a b", "Value": "<&>"}, {"Key": "ü", "Value": ""}]
    s3.put_object(Bucket="bucket", Key="t", Body=b"t", Tagging="x=1&y=%26")
    equal("tags of put", s3.get_object_tagging(Bucket="bucket", Key="t")[
        "TagSet"], [{"Key": "x", "Value": "1"}, {"Key": "y", "Value": "&"}])
    s3.put_object_tagging(Bucket="bucket", Key="t", Tagging={"TagSet": pair})
    equal("tags", s3.get_object_tagging(Bucket="bucket", Key="t")["TagSet"],
          pair)
    check("tag count", s3.get_object(Bucket="bucket", Key="t")["TagCount"]
          == 2)
    s3.delete_object_tagging(Bucket="bucket", Key="t")
    equal("no tags", s3.get_object_tagging(Bucket="bucket", Key="t")[
        "TagSet"], [])
    plain = url + "/bucket/t"
    equal("anonymous", fetch("GET", plain)[:2], (403, "AccessDenied"))
    s3.put_bucket_policy(Bucket="bucket", Policy=POLICY % "bucket")
    equal("policy verbatim", s3.get_bucket_policy(Bucket="bucket")[
        "Policy"], POLICY % "bucket")
    equal("no tag, not public", fetch("GET", plain)[0], 403)
    s3.put_object_tagging(Bucket="bucket", Key="t", Tagging={
        "TagSet": [{"Key": "public", "Value": "true"}]})
    equal("public", fetch("GET", plain)[2], b"t")
    equal("public, no response-*", fetch(
        "GET", plain + "?response-content-type=a/b")[:2],
        (400, "InvalidRequest"))
    equal("public, but not to write", fetch("PUT", plain, b"x")[0], 403)
    s3.delete_bucket_policy(Bucket="bucket")
    equal("not public any more", fetch("GET", plain)[0], 403)


def copies(s3):
    key = "from +ü"
    r = s3.put_object(Bucket="bucket", Key=key, Body=b"copy me",
                      Metadata={"m": "1"}, Tagging="t=1")
    s3.create_bucket(Bucket="other")
    src = {"Bucket": "bucket", "Key": key}
    c = s3.copy_object(Bucket="other", Key="to", CopySource=src,
                       CopySourceIfMatch=r["ETag"])
    g = s3.get_object(Bucket="other", Key="to")
    equal("copy", (c["CopyObjectResult"]["ETag"], g["Body"].read(),
                   g["Metadata"], g["TagCount"]),
          (r["ETag"], b"copy me", {"m": "1"}, 1))
    equal("copy of what changed",
          failure(s3.copy_object, Bucket="other", Key="to", CopySource=src,
                  CopySourceIfMatch='"0123"'), (412, "PreconditionFailed"))
    equal("bucket not empty", failure(s3.delete_bucket, Bucket="other"),
          (409, "BucketNotEmpty"))
    s3.delete_object(Bucket="other", Key="to")
    s3.delete_bucket(Bucket="other")


def multipart(s3):
    data = os.urandom(12 * MIB + 5)
    parts = [data[:5 * MIB], data[5 * MIB:11 * MIB], data[11 * MIB:]]
    mp = {"Bucket": "bucket", "Key": "m p"}
    up = s3.create_multipart_upload(**mp, Metadata={"k": "v"})["UploadId"]
    tags_of = []
    for i in (2, 0, 1):
        r = s3.upload_part(**mp, UploadId=up, PartNumber=i + 1,
                           Body=parts[i])
        tags_of.append({"PartNumber": i + 1, "ETag": r["ETag"]})
        equal(f"part {i + 1}", r["ETag"],
              f'"{hashlib.md5(parts[i]).hexdigest()}"')
    tags_of.sort(key=lambda t: t["PartNumber"])
    for size in (1, 2, 1000):
        ps = s3.get_paginator("list_parts").paginate(
            **mp, UploadId=up, PaginationConfig={"PageSize": size})
        equal(f"parts by {size}", [(p["PartNumber"], p["Size"]) for q in ps
                                   for p in q["Parts"]],
              [(i + 1, len(parts[i])) for i in range(3)])
    ups = [s3.create_multipart_upload(Bucket="bucket", Key=k)["UploadId"]
           for k in ("m p", "m p", "m q", "a")]
    for size in (1, 3, 1000):
        ps = pages(s3, "list_multipart_uploads", Prefix="m",
                   PaginationConfig={"PageSize": size})
        equal(f"uploads by {size}", sorted(
            u["UploadId"] for q in ps for u in q["Uploads"]),
            sorted([up] + ups[:3]))
    s3.abort_multipart_upload(Bucket="bucket", Key="a", UploadId=ups[3])
    for k, u in zip(("m p", "m p", "m q"), ups):
        s3.abort_multipart_upload(Bucket="bucket", Key=k, UploadId=u)
    r = s3.complete_multipart_upload(**mp, UploadId=up, MultipartUpload={
        "Parts": tags_of})
    want = hashlib.md5(b"".join(hashlib.md5(p).digest() for p in
                                parts)).hexdigest()
    equal("ETag of a completed upload", r["ETag"], f'"{want}-3"')
    g = s3.get_object(**mp)
    check("completed", g["Body"].read() == data and g["Metadata"] ==
          {"k": "v"} and g["ETag"] == f'"{want}-3"')
    g = s3.get_object(**mp, Range=f"bytes={5 * MIB - 3}-{11 * MIB + 2}")
    check("range across parts",
          g["Body"].read() == data[5 * MIB - 3:11 * MIB + 3])
    c = s3.copy_object(Bucket="bucket", Key="whole", CopySource=mp)
    equal("a copy is one piece", c["CopyObjectResult"]["ETag"],
          f'"{hashlib.md5(data).hexdigest()}"')
    up = s3.create_multipart_upload(Bucket="bucket", Key="c")["UploadId"]
    p = s3.upload_part_copy(Bucket="bucket", Key="c", UploadId=up,
                            PartNumber=1, CopySource=mp,
                            CopySourceRange=f"bytes=1-{5 * MIB + 9}")
    equal("copied part", p["CopyPartResult"]["ETag"],
          f'"{hashlib.md5(data[1:5 * MIB + 10]).hexdigest()}"')
    s3.abort_multipart_upload(Bucket="bucket", Key="c", UploadId=up)


def clock(url, offset):
    fetch("POST", url + "/_ctl/clock", b"%d" % offset)


def presigned(httpd, s3):
    s3.put_object(Bucket="bucket", Key="p q", Body=b"signed")
    for version, name in (("s3v4", "V4"), ("s3", "V2")):
        c = client(httpd.url, version=version)

        def url(op="get_object", secs=60, c=c, **kw):
            return c.generate_presigned_url(op, Params={
                "Bucket": "bucket", "Key": "p q", **kw}, ExpiresIn=secs)
        u = url()
        equal(f"{name}: good", fetch("GET", u)[2], b"signed")
        equal(f"{name}: HEAD of GET", fetch("HEAD", u)[0], 403)
        equal(f"{name}: another key",
              fetch("GET", u.replace("p%20q", "p%20r"))[:2],
              (403, "SignatureDoesNotMatch"))
        v = url(secs=1)
        clock(httpd.url, 2)
        equal(f"{name}: expired", (fetch("GET", v)[:2], b"has expired" in
                                   fetch("GET", v)[2]),
              ((403, "AccessDenied"), True))
        clock(httpd.url, -1000)
        equal(f"{name}: not yet", fetch("GET", url())[:2],
              (403, "AccessDenied") if name == "V4" else (200, ""))
        clock(httpd.url, 0)
        equal(f"{name}: longer life",
              fetch("GET", re.sub(r"(Expires=)\d+", r"\g<1>99999", u) if
                    name == "V4" else re.sub(r"(Expires=)", r"\g<1>9",
                                             u))[:2],
              (403, "SignatureDoesNotMatch"))
        w = url(ResponseContentDisposition='attachment; filename="ä.x"')
        check(f"{name}: response-*", "filename" in
              fetch("GET", w)[3].get("Content-Disposition", ""))
        equal(f"{name}: response-* changed",
              fetch("GET", w.replace("attachment", "inline"))[:2],
              (403, "SignatureDoesNotMatch"))
        p = url("put_object")
        equal(f"{name}: PUT", fetch("PUT", p, b"signed")[0], 200)
        equal(f"{name}: PUT, x-amz not signed", fetch(
            "PUT", p, b"signed", {"x-amz-meta-a": "b"})[0], 403)
        other = client(httpd.url, secret="wrong", version=version)
        bad = other.generate_presigned_url("get_object", Params={
            "Bucket": "bucket", "Key": "p q"})
        equal(f"{name}: wrong secret", fetch("GET", bad)[:2],
              (403, "SignatureDoesNotMatch"))
        other = client(httpd.url, key="nobody", version=version)
        bad = other.generate_presigned_url("get_object", Params={
            "Bucket": "bucket", "Key": "p q"})
        equal(f"{name}: unknown key", fetch("GET", bad)[:2],
              (403, "InvalidAccessKeyId"))
        t = client(httpd.url, key="TEMP", token=TOKEN, version=version)
        u = t.generate_presigned_url("get_object", Params={
            "Bucket": "bucket", "Key": "p q"})
        equal(f"{name}: token", fetch("GET", u)[2], b"signed")
        t = client(httpd.url, key="TEMP", token="wrong", version=version)
        u = t.generate_presigned_url("get_object", Params={
            "Bucket": "bucket", "Key": "p q"})
        equal(f"{name}: wrong token", fetch("GET", u)[:2],
              (400, "InvalidToken"))
    u = s3.generate_presigned_url("get_object", Params={
        "Bucket": "bucket", "Key": "p q"}, ExpiresIn=604801)
    equal("V4: too long a life", fetch("GET", u)[:2],
          (400, "AuthorizationQueryParametersError"))
    u = s3.generate_presigned_url("put_object", Params={
        "Bucket": "bucket", "Key": "p q"})
    equal("V4: Content-Type not signed", fetch("PUT", u, b"", {
        "Content-Type": "a/b"})[:2], (403, "AccessDenied"))
    u = s3.generate_presigned_url("put_object", Params={
        "Bucket": "bucket", "Key": "p q", "ContentType": "a/b"})
    equal("V4: Content-Type signed", fetch("PUT", u, b"", {
        "Content-Type": "a/b"})[0], 200)
    virtual = client(httpd.url.replace("127.0.0.1", "localhost"))
    virtual = boto3.client(
        "s3", endpoint_url=httpd.url.replace("127.0.0.1", "localhost"),
        aws_access_key_id=ID, aws_secret_access_key=SECRET,
        region_name="us-east-1", config=Config(
            signature_version="s3v4", s3={"addressing_style": "virtual"}))
    u = virtual.generate_presigned_url("get_object", Params={
        "Bucket": "bucket", "Key": "p q"})
    host = urllib.parse.urlsplit(u).netloc
    check("virtual host", host.startswith("bucket.localhost:"), host)
    equal("virtual host: signed", fetch("GET", u.replace(
        "bucket.localhost", "127.0.0.1"), None, {"Host": host})[0], 200)


def protocol(url):
    """What no well-behaved client sends."""
    to = urllib.parse.urlsplit(url)

    def talk(*pieces):
        with socket.create_connection((to.hostname, to.port), 20) as k:
            k.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for p in pieces:
                k.sendall(p)
            k.shutdown(socket.SHUT_WR)
            out = b""
            while True:
                got = k.recv(65536)
                if not got:
                    return re.findall(rb"HTTP/1.1 (\d+)", out)
                out += got
    get = b"GET /bucket HTTP/1.1\r\nHost: x\r\n\r\n"
    equal("pipeline", talk(get * 5), [b"403"] * 5)
    equal("byte by byte", talk(*[b"%c" % c for c in get]), [b"403"])
    put = (b"PUT /bucket/x HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n"
           b"\r\n0123456789")
    equal("refused with its body, and another", talk(put + get),
          [b"403"] * 2)
    equal("chunks end it", talk(put.replace(
        b"Content-Length: 10", b"Transfer-Encoding: chunked") + get),
        [b"411"])
    for name, bad in (("no version", b"GET /\r\n\r\n"),
                      ("HTTP/2", b"GET / HTTP/2.0\r\n\r\n"),
                      ("no path", b"GET x HTTP/1.1\r\n\r\n"),
                      ("NUL", b"GET /\0 HTTP/1.1\r\n\r\n"),
                      ("%00", b"GET /%00 HTTP/1.1\r\n\r\n"),
                      ("half a %", b"GET /b/%4 HTTP/1.1\r\n\r\n"),
                      ("no colon", b"GET / HTTP/1.1\r\nHost\r\n\r\n"),
                      ("blank in a name",
                       b"GET / HTTP/1.1\r\nHo st: x\r\n\r\n"),
                      ("folded", b"GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n"),
                      ("two lengths", put.replace(
                          b"10", b"10, 10"))):
        equal(f"bad request: {name}", talk(bad + get), [b"400"])
    equal("nothing", talk(b""), [])
    equal("cut in the head", talk(get[:20]), [])
    equal("cut in the body", talk(put[:-1]), [])
    many = [socket.create_connection((to.hostname, to.port), 20)
            for _ in range(900)]
    for k in many:
        k.sendall(get)
    equal("900 connections", sum(b"403" in k.recv(4096) for k in many), 900)
    for k in many:
        k.close()


def skewed():
    for off, want in ((-1000, 403), (-800, 200), (800, 200), (1000, 403)):
        h = Httpd("--key", f"{ID}:{SECRET}", "--clock-offset", str(off))
        r = failure(client(h.url).list_buckets)
        equal(f"clock {off} s off", r,
              (want, "RequestTimeTooSkewed" if want == 403 else ""))
        h.close()


# Where Ceph 16.2 answers otherwise, and this server as Amazon's does (name:
# Ceph's answer).
DIFFER = {
    "bad policy": (400, "InvalidArgument"),
    # a range that is none: Amazon sends everything, or 416 for no bytes
    "range bytes=-0": (206, "", b"0123456789", "bytes 0-9/10"),
    "range bytes=5-3": (416, "InvalidRange", "", None),
    "range bytes=x-y": (206, "", b"0", "bytes 0-0/10"),
    # '*' is taken for an ETag
    "If-Match *": (412, "PreconditionFailed"),
    "HEAD If-Match *": 412,
    "garbled authorization": (400, "InvalidArgument"),
    # the condition of a copy is not looked at
    "copy, changed": (200, ""),
    # uploads that are not there
    "list_parts, no upload": (404, "NoSuchKey"),
    "complete, no upload": (500, "InternalError"),
    # part numbers are not looked at, all parts have to be named, sizes are
    # compared first
    "part 0": (200, ""),
    "part 10001": (200, ""),
    "wrong order": (400, "EntityTooSmall"),
    "no such part": (400, "EntityTooSmall"),
    "fewer parts": (400, "InvalidPart"),
    # the object is there: the fault "again" of the server
    "complete again": (200, ""),
    # two signatures
    "s3v4: with a header": (403, "SignatureDoesNotMatch"),
    "s3: with a header": (403, "SignatureDoesNotMatch"),
    "s3v4: 0 s": (403, "AccessDenied"),
    "s3v4: 604801 s": (403, "AccessDenied"),
}


def questions(url, key, secret):
    """Yields (name, answer): what must be the same on every server."""
    s3 = client(url, key, secret)
    b = "dcor-" + uuid.uuid4().hex[:12]
    kw = {"Bucket": b, "Key": "k"}

    def raw(method, path, body=b"", headers=(), sec=secret, ident=key,
            payload=None, spoil=None):
        h = signed(url, ident, sec, method, path, body, headers,
                   payload=payload)
        if spoil:
            spoil(h)
        return fetch(method, url + path, body or None, h)

    yield "no such bucket", failure(s3.list_objects_v2, Bucket=b)
    yield "put, no such bucket", failure(s3.put_object, Body=b"", **kw)
    yield "create", failure(s3.create_bucket, Bucket=b)
    yield "create again", failure(s3.create_bucket, Bucket=b)
    yield "no policy", failure(s3.get_bucket_policy, Bucket=b)
    yield "bad policy", failure(s3.put_bucket_policy, Bucket=b,
                                Policy="no policy")
    yield "no such key", failure(s3.get_object, **kw)
    yield "head, no such key", failure(s3.head_object, **kw)
    yield "delete, no such key", failure(s3.delete_object, **kw)
    yield "tags, no such key", failure(s3.get_object_tagging, **kw)
    yield "put", failure(s3.put_object, Body=b"0123456789", **kw)
    etag = f'"{hashlib.md5(b"0123456789").hexdigest()}"'
    for spec in ("bytes=0-0", "bytes=3-", "bytes=-3", "bytes=-100",
                 "bytes=9-9", "bytes=9-99", "bytes=10-", "bytes=10-20",
                 "bytes=-0", "bytes=5-3", "bytes=x-y", "lines=0-1",
                 "bytes=99999999999999-"):
        r = raw("GET", f"/{b}/k", headers={"Range": spec})
        yield f"range {spec}", (r[0], r[1], r[2] if r[0] < 300 else "",
                                r[3].get("Content-Range")
                                if r[0] == 206 else None)
    for name, h in (("If-Match", etag), ("If-Match", '"no"'),
                    ("If-Match", "*"), ("If-None-Match", etag),
                    ("If-None-Match", '"no"')):
        yield f"{name} {h[:5]}", raw("GET", f"/{b}/k", headers={
            name: h})[:2]
        yield f"HEAD {name} {h[:5]}", raw("HEAD", f"/{b}/k", headers={
            name: h})[0]
    yield "If-None-Match: * on PUT", raw(
        "PUT", f"/{b}/k", b"x", {"If-None-Match": "*"})[:2]
    yield "If-None-Match: * on PUT, new", raw(
        "PUT", f"/{b}/k2", b"x", {"If-None-Match": "*"})[:2]
    yield "wrong MD5", raw("PUT", f"/{b}/w", b"x", {
        "Content-MD5": "1B2M2Y8AsgTpgAmY7PhCfg=="})[:2]
    yield "no MD5", raw("PUT", f"/{b}/w", b"x", {"Content-MD5": "x"})[:2]
    yield "wrong SHA-256", raw(
        "PUT", f"/{b}/w", b"x",
        payload=hashlib.sha256(b"y").hexdigest())[:2]
    yield "nothing was put", failure(s3.head_object, Bucket=b, Key="w")
    yield "unsigned payload", raw("PUT", f"/{b}/w", b"x",
                                  payload="UNSIGNED-PAYLOAD")[:2]
    yield "anonymous", fetch("GET", f"{url}/{b}/k")[:2]
    yield "anonymous list", fetch("GET", f"{url}/{b}")[:2]
    yield "wrong secret", raw("GET", f"/{b}/k", sec="no")[:2]
    yield "unknown key", raw("GET", f"/{b}/k", ident="no")[:2]
    yield "scope of another region", failure(boto3.client(
        "s3", endpoint_url=url, aws_access_key_id=key,
        aws_secret_access_key=secret, region_name="eu-none-7",
        config=Config(s3={"addressing_style": "path"})).head_object, **kw)

    def set_header(name, value):
        return lambda h: h.update({name: value})
    yield "another date", raw("GET", f"/{b}/k", spoil=set_header(
        "X-Amz-Date", "20200101T000000Z"))[:2]
    yield "another hash", raw("PUT", f"/{b}/k", b"x", spoil=set_header(
        "X-Amz-Content-SHA256", hashlib.sha256(b"y").hexdigest()))[:2]
    yield "garbled authorization", raw("GET", f"/{b}/k", spoil=set_header(
        "Authorization", "AWS4-HMAC-SHA256 nonsense"))[:2]
    yield "list after nothing", failure(
        s3.list_objects_v2, Bucket=b, ContinuationToken="")
    yield "too many keys", failure(s3.list_objects_v2, Bucket=b,
                                   MaxKeys=5000)
    yield "max-keys x", raw("GET", f"/{b}?list-type=2&max-keys=x")[:2]
    yield "not empty", failure(s3.delete_bucket, Bucket=b)
    yield "too many tags", failure(
        s3.put_object_tagging, Tagging={"TagSet": [
            {"Key": str(i), "Value": ""} for i in range(11)]}, **kw)
    yield "tags that are none", raw("PUT", f"/{b}/k?tagging", b"none")[:2]
    yield "copy", failure(s3.copy_object, CopySource=f"{b}/k",
                          Bucket=b, Key="k3")
    yield "copy onto itself", failure(s3.copy_object, CopySource=f"{b}/k",
                                      **kw)
    yield "copy of nothing", failure(s3.copy_object, CopySource=f"{b}/no",
                                     Bucket=b, Key="k3")
    yield "copy, changed", failure(
        s3.copy_object, CopySource=f"{b}/k", CopySourceIfMatch=f'"{32 * "0"}"',
        Bucket=b, Key="k3")
    yield from questions_multipart(s3, kw)
    yield from questions_presigned(url, key, secret, b)
    for o in s3.list_objects_v2(Bucket=b)["Contents"]:
        s3.delete_object(Bucket=b, Key=o["Key"])
    yield "delete bucket", failure(s3.delete_bucket, Bucket=b)
    yield "delete bucket again", failure(s3.delete_bucket, Bucket=b)


def questions_multipart(s3, kw):
    def complete(up, *parts):
        return failure(s3.complete_multipart_upload, UploadId=up,
                       MultipartUpload={"Parts": [
                           {"PartNumber": n, "ETag": e} for n, e in
                           parts]}, **kw)
    for op, more in ((s3.upload_part, {"PartNumber": 1, "Body": b"x"}),
                     (s3.list_parts, {}), (s3.abort_multipart_upload, {})):
        yield f"{op.__name__}, no upload", failure(op, UploadId="2~" + 32 * "n",
                                                   **kw, **more)
    yield "complete, no upload", complete("2~" + 32 * "n", (1, '"no"'))
    up = s3.create_multipart_upload(**kw)["UploadId"]
    yield "part 0", failure(s3.upload_part, UploadId=up, PartNumber=0,
                            Body=b"x", **kw)
    yield "part 10001", failure(s3.upload_part, UploadId=up,
                                PartNumber=10001, Body=b"x", **kw)
    yield "abort", failure(s3.abort_multipart_upload, UploadId=up, **kw)
    up = s3.create_multipart_upload(**kw)["UploadId"]
    one = s3.upload_part(UploadId=up, PartNumber=1, Body=b"1",
                         **kw)["ETag"]
    two = s3.upload_part(UploadId=up, PartNumber=2, Body=b"2",
                         **kw)["ETag"]
    yield "too small", complete(up, (1, one), (2, two))
    yield "wrong order", complete(up, (2, two), (1, one))
    yield "no such part", complete(up, (1, one), (3, two))
    yield "wrong ETag", complete(up, (1, two))
    yield "no parts", complete(up)
    yield "fewer parts", complete(up, (1, one))
    failure(s3.abort_multipart_upload, UploadId=up, **kw)
    up = s3.create_multipart_upload(**kw)["UploadId"]
    one = s3.upload_part(UploadId=up, PartNumber=1, Body=b"0123456789",
                         **kw)["ETag"]
    yield "complete", complete(up, (1, one))
    yield "complete again", complete(up, (1, one))
    yield "abort again", failure(s3.abort_multipart_upload, UploadId=up,
                                 **kw)


def questions_presigned(url, key, secret, b):
    for version in ("s3v4", "s3"):
        c = client(url, key, secret, version)
        p = {"Bucket": b, "Key": "k"}
        u = c.generate_presigned_url("get_object", Params=p, ExpiresIn=600)
        yield f"{version}: good", fetch("GET", u)[:2]
        yield f"{version}: range", fetch("GET", u, None, {
            "Range": "bytes=0-0"})[:3]
        yield f"{version}: HEAD of GET", fetch("HEAD", u)[0]
        yield f"{version}: other key", fetch("GET", u.replace(
            "/k?", "/k2?"))[:2]
        yield f"{version}: with a header", fetch("GET", u, None, signed(
            url, key, secret, "GET", f"/{b}/k"))[:2]
        yield f"{version}: more parameters", fetch(
            "GET", u + "&response-content-type=a/b")[:2]
        for secs in (0, 604801) if version == "s3v4" else ():
            yield f"{version}: {secs} s", fetch(
                "GET", c.generate_presigned_url(
                    "get_object", Params=p, ExpiresIn=secs))[:2]
        past = c.generate_presigned_url("get_object", Params=p,
                                        ExpiresIn=-5)
        if version == "s3":
            yield f"{version}: expired", fetch("GET", past)[:2]


def beside(url, key, secret):
    h = Httpd("--key", f"{key}:{secret}")
    ours, theirs = (list(questions(u, key, secret)) for u in (h.url, url))
    h.close()
    for (name, a), (_, b) in zip(ours, theirs):
        if name in DIFFER:
            equal(f"unlike Ceph: {name}", b, DIFFER[name])
            check(f"unlike Ceph, as before: {name}", a != b)
        else:
            equal(f"like Ceph: {name}", a, b)


def main():
    h = Httpd("--key", f"{ID}:{SECRET}", "--key", f"TEMP:{SECRET}:{TOKEN}")
    s3 = client(h.url)
    life(s3, h.url)
    multipart(s3)
    presigned(h, s3)
    protocol(h.url)
    equal("it ends with its standard input", h.close(), 0)
    skewed()
    env = os.environ
    if env.get("S3_ENDPOINT"):
        beside(env["S3_ENDPOINT"], env["AWS_ACCESS_KEY_ID"],
               env["AWS_SECRET_ACCESS_KEY"])
    print(f"1..{len(results)}")
    sys.exit(not all(results))


main()
