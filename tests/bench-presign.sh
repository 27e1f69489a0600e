#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# How fast is dcor-presign?  URLs a second from a list on standard input, in
# one thread, beside boto3 if $PYTHON has it; and how long one URL takes.
#   KEYS   keys of the list (1000000)
set -eu
B=${B:-build}
PYTHON=${PYTHON:-python3}
keys=${KEYS:-1000000}
dir=$B/bench
mkdir -p "$dir"
HOME=/nonexistent
AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE
AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY
AWS_ENDPOINT_URL=https://objectstore.example.org
AWS_REGION=us-east-1
export HOME AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_ENDPOINT_URL \
    AWS_REGION
unset AWS_SESSION_TOKEN AWS_PROFILE

awk -v n="$keys" 'BEGIN { for (i = 0; i < n; i++)
    printf "s3://circle-8a94c10a-7f9b-4b5c-9d5e-1234567890ab/resource/" \
    "%03d/%03d/0a-7f9b-%012d\n", i % 1000, i / 1000 % 1000, i }' >"$dir/keys"
# best COMMAND...: least seconds of wall of five
best() {
	rm -f "$dir/times"
	for _ in 1 2 3 4 5; do
		"$B/tests/timed" -o "$dir/times" "$@" >"$dir/urls"
	done
	sort -n "$dir/times" | head -n 1
}
set -- "$(best sh -c "'$B/bin/dcor-presign' <'$dir/keys' >/dev/null")"
ours=$(echo "$1" | awk -v n="$keys" '{ printf "%d", n / $1 }')
echo "$1" | awk -v n="$keys" '{ printf "dcor-presign %26.0f URLs/s %11s MB\n",
    n / $1, $3 }'
if "$PYTHON" -c 'import boto3' 2>/dev/null; then
	"$PYTHON" - "$dir/keys" "$ours" <<'EOT'
import sys
import time
import boto3
from botocore.config import Config
s3 = boto3.client("s3", config=Config(signature_version="s3v4",
                                      s3={"addressing_style": "path"}))
with open(sys.argv[1]) as f:
    keys = [line[5:-1].split("/", 1) for _, line in zip(range(10000), f)]
best = 1e9
for _ in range(3):
    t = time.perf_counter()
    for b, k in keys:
        s3.generate_presigned_url("get_object", Params={"Bucket": b, "Key": k})
    best = min(best, time.perf_counter() - t)
rate = len(keys) / best
print(f"boto3 {rate:33.0f} URLs/s\n{int(sys.argv[2]) / rate:.0f} times boto3")
EOT
else
	echo 'boto3: not run'
fi
best sh -c "i=0; while test \$i -lt 100; do i=\$((i + 1))
    '$B/bin/dcor-presign' s3://bucket/key; done" | awk '{
    printf "one URL %31.1f ms\n", $1 * 10 }'
rm -f "$dir/keys" "$dir/urls"
