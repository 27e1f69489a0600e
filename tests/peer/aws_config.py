# SPDX-License-Identifier: GPL-3.0-or-later
# needs: botocore
"""~/.aws/config and ~/.aws/credentials: what we resolve against botocore.

PEER_N: how many pairs of files (300), PEER_SEED: other ones (1).

Left out, because the difference is meant: keys that are half there or
empty, profiles that ask a server (both are errors here), [DEFAULT].
"""
import hashlib
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile

try:
    import botocore.session
    from botocore.configprovider import ConfiguredEndpointProvider
except ImportError:
    print("1..0 # SKIP no botocore")
    sys.exit(0)

SITE = pathlib.Path(os.environ.get("B", "build")).resolve() / "tests" / "site"
NAMES = ["default", "one", "a b", "x-y.z", "it's", "profile"]


def sha(text):
    return hashlib.sha256(text.encode()).hexdigest() if text else "-"


def put(r, key, value):
    if r.random() < 0.2:
        key = key.upper() if r.random() < 0.5 else key.title()
    pad = r.choice(["", " ", "  ", "\t"])
    line = key + pad + r.choice("===:") + r.choice(["", " ", "\t"]) + value
    return line + r.choice(["\n", "\n", " \n", "\r\n"])


def junk(r):
    return r.choice(["", "", "", "\n", "# a = b\n", "; [x]\n", "  # in\n",
                     "\t\n"])


def keys(r, tag):
    secret = tag + r.choice(["", "/+=", "#x", ";y", "=z", ":", "%(a)s", "'"])
    out = [("aws_access_key_id", "AKIA" + tag),
           ("aws_secret_access_key", secret)]
    if r.random() < 0.4:
        out.append(("aws_session_token", "token" + secret))
    return out


def nested(r, key, pairs):
    text = key + " =" + r.choice(["", " "]) + "\n"
    for k, v in pairs:
        text += r.choice(["  ", "\t", "    "]) + k + r.choice(
            ["=", " = ", " ="]) + v + "\n" + (
                "  # c = d\n" if r.random() < 0.1 else "")
    return text


def body(r, parts):
    r.shuffle(parts)
    return "".join(junk(r) + p for p in parts)


def header(r, name, kind):
    if kind is None:
        return "[%s]\n" % name
    quoted = name
    if " " in name or "'" in name or r.random() < 0.3:
        quoted = '"%s"' % name
    return r.choice(["[%s %s]", "[%s  %s]", "[%s\t%s]"]) % (
        kind, quoted) + r.choice(["\n", " \n", " # tail\n"])


def files(r, command):
    conf, cred = [], []
    names = r.sample(NAMES, r.randrange(1, 5))
    for name in names:
        parts = []
        if r.random() < 0.6:
            parts.append(put(r, "region", r.choice(["eu-1", "x", "us-2"])))
        if r.random() < 0.4:
            parts.append(put(r, "endpoint_url",
                             "https://%d.example" % r.randrange(99)))
        if r.random() < 0.3:
            parts.append(put(r, "services", "svc"))
        if r.random() < 0.3:
            parts.append(put(r, "ca_bundle", "/ca/%d" % r.randrange(9)))
        if r.random() < 0.4:
            parts.append(nested(r, "s3", [
                ("addressing_style", r.choice(["path", "virtual", "auto"])),
                ("max_queue_size", "5")]))
        if r.random() < 0.3:
            parts.append(put(r, "credential_process", command(r)))
        if r.random() < 0.3:
            parts += [put(r, *k) for k in keys(r, "c%d" % r.randrange(999))]
        kind = "profile" if name != "default" or r.random() < 0.3 else None
        conf.append(header(r, name, kind) + body(r, parts))
        if r.random() < 0.5:
            parts = [put(r, *k) for k in keys(r, "s%d" % r.randrange(999))]
            if r.random() < 0.3:
                parts.append(put(r, "region", "cred-1"))
            cred.append(header(r, name, None) + body(r, parts))
    if r.random() < 0.8:
        pairs = [("endpoint_url", "https://svc.example")]
        conf.append("[services svc]\n" + (
            nested(r, "ec2", [("endpoint_url", "https://ec2")])
            if r.random() < 0.3 else nested(r, "s3", pairs)))
    r.shuffle(conf)
    for part in (conf, cred):
        if r.random() < 0.1:
            part.insert(r.randrange(len(part) + 1), r.choice([
                "no value\n", "[one]\n[one]\n", "[x]\na=1\nA=2\n", "=x\n",
                "[x]\na =\n  no value\n", "[unclosed\n"]))
    return "".join(conf), "".join(cred), names


def theirs():
    s = botocore.session.Session()
    c = s.get_credentials()
    scoped = s.get_scoped_config()
    end = ConfiguredEndpointProvider(
        full_config=s.full_config, scoped_config=scoped,
        client_name="s3").provide()
    s3 = scoped.get("s3", {})
    virtual = isinstance(s3, dict) and s3.get("addressing_style") == "virtual"
    f = c.get_frozen_credentials() if c else None
    return {"id": f.access_key if f else "-",
            "secret": sha(f.secret_key) if f else "-",
            "token": sha(f.token) if f else "-",
            "region": s.get_config_variable("region") or "us-east-1",
            "endpoint": end or "-",
            "ca": s.get_config_variable("ca_bundle") or "-",
            "addressing": "virtual" if virtual else "path"}


def ours():
    p = subprocess.run([SITE, "-S", "/nonexistent"], capture_output=True,
                       text=True, check=False)
    if p.returncode != 0:
        return p.stderr.strip()
    got = dict(line.split("\t") for line in p.stdout.splitlines())
    return {k: got.get(k, "-") for k in (
        "id", "secret", "token", "region", "endpoint", "ca", "addressing")}


def main():
    count = int(os.environ.get("PEER_N", "300"))
    seed = int(os.environ.get("PEER_SEED", "1"))
    os.umask(0o077)
    tmp = pathlib.Path(tempfile.mkdtemp(prefix="dcor-aws."))
    for k in list(os.environ):
        if k.startswith(("AWS_", "DCOR_", "DCLAB_")) or k in (
                "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
            del os.environ[k]
    os.environ.update(HOME=str(tmp), XDG_CONFIG_HOME=str(tmp / "none"),
                      AWS_EC2_METADATA_DISABLED="true")
    (tmp / ".aws").mkdir()
    answer = tmp / "the answer.json"
    answer.write_text(json.dumps({
        "Version": 1, "AccessKeyId": "PROC", "SecretAccessKey": "s\\/x",
        "SessionToken": "t", "Expiration": "2999-01-01T00:00:00Z"}))

    def command(r):
        return r.choice([
            "cat '%s'", 'cat "%s"', "sh -c 'cat \"$0\"' '%s'", "cat \t%s",
            'sh -c "cat \\"\\$0\\"" "%s"', "c'a'\"t\" '%s' ''"[:-3],
        ]).replace("%s", str(answer)) if r.random() < 0.7 else (
            "cat " + str(answer).replace(" ", "\\ "))

    bad = errors = 0
    for i in range(count):
        r = random.Random(seed * 100000 + i)
        conf, cred, names = files(r, command)
        (tmp / ".aws/config").write_bytes(conf.encode())
        (tmp / ".aws/credentials").write_bytes(cred.encode())
        env = {}
        if r.random() < 0.7:
            env["AWS_PROFILE"] = r.choice(
                names if r.random() < 0.9 else NAMES)
        for name, value in (("AWS_DEFAULT_REGION", "env-1"),
                            ("AWS_ENDPOINT_URL", "https://env.example"),
                            ("AWS_ENDPOINT_URL_S3", "https://env3.example"),
                            ("AWS_CA_BUNDLE", "/env/ca")):
            if r.random() < 0.1:
                env[name] = value
        if r.random() < 0.1:
            env.update(AWS_ACCESS_KEY_ID="ENV", AWS_SECRET_ACCESS_KEY="es")
        os.environ.update(env)
        try:
            want = theirs()
        except Exception as e:  # whatever it is, it is the answer
            want = "%s: %s" % (type(e).__name__, e)
        got = ours()
        for k in env:
            del os.environ[k]
        errors += isinstance(want, str)
        # what the environment says in full is not looked up in files
        same = got == want or (isinstance(want, str) and (
            isinstance(got, str) or {
                "AWS_ACCESS_KEY_ID", "AWS_DEFAULT_REGION"} <= set(env)))
        print("%sok %d - files %d" % ("" if same else "not ", i + 1, i))
        if not same:
            bad += 1
            print("# env", env, "\n# got  %s\n# want %s" % (got, want))
            for name, text in (("config", conf), ("credentials", cred)):
                print("# %s:" % name)
                for line in text.splitlines():
                    print("#   %r" % line)
    for f in (answer, tmp / ".aws/config", tmp / ".aws/credentials"):
        f.unlink()
    (tmp / ".aws").rmdir()
    tmp.rmdir()
    print("1..%d\n# %d of %d differ, %d errors agree" % (
        count, bad, count, errors))
    return bad > 0


if __name__ == "__main__":
    sys.exit(main())
