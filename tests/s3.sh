# SPDX-License-Identifier: GPL-3.0-or-later
# A store on loopback for a test, and s3tool to talk to it.  After lib.sh.
# shellcheck shell=sh
PATH=$B/tests:$PATH
AWS_ACCESS_KEY_ID=AKIDEXAMPLE AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI
AWS_REGION=us-east-1 AWS_EC2_METADATA_DISABLED=true
export AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_REGION
export AWS_EC2_METADATA_DISABLED AWS_ENDPOINT_URL
unset AWS_PROFILE AWS_SESSION_TOKEN AWS_CA_BUNDLE

# serve OPTION...: an empty store, which ends with the test or the next one
serve() {
	exec 9>&-
	rm -f s3.eof s3.url
	mkfifo s3.eof s3.url
	httpd --until-eof "$@" <s3.eof >s3.url &
	exec 9>s3.eof
	read -r AWS_ENDPOINT_URL <s3.url
}
s3() { s3tool --backoff 0.01 "$@"; }
# run COMMAND...: $rc, $out, $err
run() { out=$("$@" 2>err.txt); rc=$?; err=$(cat err.txt); }
# fault RULE...: instead of those before
fault() {
	s3tool raw DELETE "$AWS_ENDPOINT_URL/_ctl/fault" &&
	for _r in "$@"; do
		s3tool raw POST "$AWS_ENDPOINT_URL/_ctl/fault" "$_r" ||
		echo "# fault: $_r"
	done
}
log() { s3tool raw GET "$AWS_ENDPOINT_URL/_ctl/log"; }
nolog() { s3tool raw DELETE "$AWS_ENDPOINT_URL/_ctl/log"; }
# requests METHOD PATH [QUERY]: how many of them there were
requests() {
	log | awk -F '\t' -v m="$1" -v p="$2" -v q="${3:-}" '$2 == m &&
	    $3 == p && index($4, q) > 0 { n++ } END { print n + 0 }'
}
# random BYTES SEED: always the same
random() {
	awk -v n="$1" -v s="$2" 'BEGIN { srand(s)
		for (; n > 0; n -= 8) printf "%08x", rand() * 4294967295 }' |
	head -c "$1"
}
md5() { md5sum <"$1" | cut -c1-32; }
# etag_of FILE PART: what S3 calls FILE when it came in parts of that size
etag_of() {
	rm -rf etag.d
	mkdir etag.d
	split -b "$2" -a 4 "$1" etag.d/p
	_n=$(find etag.d -type f | wc -l)
	printf '%s-%d\n' "$(md5sum etag.d/* | cut -c1-32 | tr -d '\n' |
	    perl -pe '$_ = pack "H*", $_' | md5sum | cut -c1-32)" "$_n"
	rm -rf etag.d
}
