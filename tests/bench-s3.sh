#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# How fast are transfers, and what does it cost?  Called by make bench.
#   S3BYTES  size of the object (2147483655)
#   S3STORE  rgw: a Ceph gateway; httpd: the tests' own; a URL with AWS_*
# Everything is in memory (DCOR_BENCH_DIR, /dev/shm), so that no disk counts.
# CPU is that of the program alone.
set -eu
B=${B:-build}
here=$(cd "$(dirname "$0")" && pwd)
B=$(cd "$B" && pwd)
PYTHON=${PYTHON:-python3}
bytes=${S3BYTES:-2147483655}
runs=${RUNS:-2}
dir=$(mktemp -d "${DCOR_BENCH_DIR:-/dev/shm}/dcor-bench.XXXXXX")
store=${S3STORE:-httpd}
finish() {
	exec 9>&-
	test "$store" != rgw || "$here/rgw" stop "$dir/rgw"
	rm -rf "$dir"
}
trap finish EXIT
trap 'exit 1' HUP INT TERM
cd "$dir"
case $store in
rgw)
	"$here/rgw" start "$dir/rgw" $((20000 + $$ % 200 * 60))
	eval "$("$here/rgw" env "$dir/rgw")"
	;;
httpd)
	AWS_ACCESS_KEY_ID=bench AWS_SECRET_ACCESS_KEY=secret
	AWS_REGION=us-east-1
	mkfifo eof url
	mkdir store
	"$B/tests/httpd" --until-eof -d store --key bench:secret <eof >url &
	exec 9>eof
	read -r AWS_ENDPOINT_URL <url
	;;
*)
	AWS_ENDPOINT_URL=$store
	;;
esac
AWS_DEFAULT_REGION=$AWS_REGION AWS_EC2_METADATA_DISABLED=true HOME=$dir
AWS_REQUEST_CHECKSUM_CALCULATION=when_required
AWS_RESPONSE_CHECKSUM_VALIDATION=when_required
S3_ENDPOINT_URL=$AWS_ENDPOINT_URL
export S3_ENDPOINT_URL
export AWS_ENDPOINT_URL AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_REGION
unset AWS_CA_BUNDLE
export AWS_DEFAULT_REGION AWS_EC2_METADATA_DISABLED HOME
export AWS_REQUEST_CHECKSUM_CALCULATION AWS_RESPONSE_CHECKSUM_VALIDATION
cat >rclone.conf <<CONF
[s]
type = s3
provider = Ceph
env_auth = true
endpoint = $AWS_ENDPOINT_URL
region = $AWS_REGION
CONF
cat >boto.py <<'PY'
import sys
import boto3
s3 = boto3.client("s3")
if sys.argv[1] == "put":
    s3.upload_file(sys.argv[2], "dcor-bench", sys.argv[3])
else:
    s3.download_file("dcor-bench", sys.argv[3], sys.argv[2])
PY
head -c "$bytes" /dev/urandom >in
"$B/tests/s3tool" mkbucket dcor-bench
have() { command -v "$1" >/dev/null; }

# best LABEL COMMAND...
best() {
	label=$1
	shift
	rm -f times
	i=0
	while test $i -lt "$runs"; do
		i=$((i + 1))
		rm -f out
		"$B/tests/timed" -o times "$@" >log 2>&1 || {
			cat log >&2
			echo "bench-s3: $label failed" >&2
			return 0
		}
	done
	sort -n times | head -n 1 | awk -v l="$label" -v b="$bytes" '{
		printf "%-26s %7.2f %7.2f %7.0f %9.0f\n", l, $1, $2, $3,
		    b / 1e6 / $1 }'
}
echo "S3: $bytes bytes, $store, best of $runs"
printf '%-26s %7s %7s %7s %9s\n' '' wall/s CPU/s MB MB/s
best 'put: dcor' "$B/tests/s3tool" put in dcor-bench o
! have aws || best 'put: aws' aws s3 cp --quiet in s3://dcor-bench/p
! have s5cmd || best 'put: s5cmd' s5cmd cp in s3://dcor-bench/p
! have rclone || best 'put: rclone' rclone --config rclone.conf \
    --s3-no-check-bucket copyto --ignore-times in s:dcor-bench/p
! "$PYTHON" -c 'import boto3' 2>/dev/null ||
best 'put: boto3' "$PYTHON" boto.py put in p
best 'get: dcor' "$B/tests/s3tool" get dcor-bench o out
cmp in out
! have aws || best 'get: aws' aws s3 cp --quiet s3://dcor-bench/o out
! have s5cmd || best 'get: s5cmd' s5cmd cp s3://dcor-bench/o out
! have rclone || best 'get: rclone' rclone --config rclone.conf copyto \
    s:dcor-bench/o out
! "$PYTHON" -c 'import boto3' 2>/dev/null ||
best 'get: boto3' "$PYTHON" boto.py get out o
! have curl || best 'get: curl, nothing verified' curl -fs -o out \
    -H 'x-amz-content-sha256: UNSIGNED-PAYLOAD' \
    --aws-sigv4 "aws:amz:$AWS_REGION:s3" \
    --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" \
    "$AWS_ENDPOINT_URL/dcor-bench/o"
