#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# How long dcor-archive takes for many small objects, beside the way of
# archive-s3 (boto3, one request after another, into a zip file).
#   OBJECTS  how many (50000); PEERS: how many of them by boto3 (2000)
#   S3_ENDPOINT, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY: the store;
#   without, the one of the tests, which costs next to nothing itself
set -eu
B=${B:-build}
PYTHON=${PYTHON:-python3}
here=$(cd "$(dirname "$0")" && pwd)
n=${OBJECTS:-50000} peers=${PEERS:-2000}
PATH=$B/bin:$B/tests:$PATH
dir=$(mktemp -d "${TMPDIR:-/tmp}/dcor-bench.XXXXXX")
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM
bucket=bench-$$
AWS_REGION=${AWS_REGION:-us-east-1}
if test -z "${S3_ENDPOINT:-}"; then
	AWS_ACCESS_KEY_ID=AKID AWS_SECRET_ACCESS_KEY=SECRET
	mkfifo "$dir/eof" "$dir/url"
	httpd --until-eof --key AKID:SECRET <"$dir/eof" >"$dir/url" &
	exec 9>"$dir/eof"
	read -r S3_ENDPOINT <"$dir/url"
fi
AWS_ENDPOINT_URL=$S3_ENDPOINT
export S3_ENDPOINT AWS_ENDPOINT_URL AWS_REGION
export AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
s3tool mkbucket $bucket
s3tool fill $bucket resource/0a1/b2c/ "$n"
mkdir "$dir/tree"
cat >"$dir/jobs.yaml" <<X
jobs:
  j:
    archive: $dir/tree
    buckets: $bucket\$
X
# row LABEL OBJECTS COMMAND...
row() {
	_l=$1 _n=$2; shift 2
	timed -o "$dir/times" "$@" >"$dir/log" 2>&1 || {
		cat "$dir/log" >&2
		exit 1
	}
	awk -v l="$_l" -v n="$_n" '{ printf "%-32s %7d %8.2f %8.2f %7.0f " \
	    "%9.0f\n", l, n, $1, $2, $3, n / $1 }' "$dir/times"
	rm -f "$dir/times"
}
printf '%-32s %7s %8s %8s %7s %9s\n' '' objects wall/s CPU/s MB objects/s
set -- -c "$dir/jobs.yaml"
row 'dcor-archive' "$n" dcor-archive "$@"
row 'dcor-archive, nothing to do' "$n" dcor-archive "$@"
row 'dcor-archive --verify' "$n" dcor-archive "$@" --verify
mkdir "$dir/out"
row 'dcor-archive --restore' "$n" dcor-archive "$@" --restore -o "$dir/out"
if "$PYTHON" -c 'import boto3' 2>/dev/null; then
	row 'boto3, one after another' "$peers" "$PYTHON" \
	    "$here/bench-archive.py" $bucket "$peers" "$dir/peer.zip"
fi
