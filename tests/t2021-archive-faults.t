#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# dcor-archive when the store, the disk or another process is in the way:
# what cannot be had is named, the others are archived, nothing wrong is.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/s3.sh
. "$srcdir/s3.sh"
# shellcheck disable=SC2120
archive() { run dcor-archive -c jobs.yaml "$@"; }
put() { s3 put "$1" bkt "$2" >/dev/null || echo "# put $2"; }
count() { dcor-archive -c jobs.yaml --list | wc -l | tr -d ' '; }
sums() { dcor-archive -c jobs.yaml --list "$1" | cut -f6; }
sum() { sha256sum <"$1" | cut -c1-64; }
# no archived copy differs from what was put
clean() {
	dcor-archive -c jobs.yaml --list | cut -f2,6 |
	while read -r url got; do
		k=${url#s3://bkt/}
		test "$got" = "$(sum "in/$k")" || echo "$k"
	done
	find tree -name '*.part'
}
# fresh: an empty archive
fresh() { rm -rf tree; mkdir tree; }

serve --key "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" --min-part 10
s3 mkbucket bkt
mkdir in
for i in 1 2 3 4 5; do
	random $((i * 700)) $i >in/s$i
	put in/s$i s$i
done
random 200000 9 >in/large
put in/large large
random 210000 8 >in/other
put in/other other
cat >jobs.yaml <<X
jobs:
  j:
    archive: tree
    small: 100kB
X

# bodies that break, lie, are damaged
fresh
fault 'GET /bkt/s2 1 cut 100' 'GET /bkt/large 1 cut 5000' \
    'GET /bkt/s3 1 reset 10' 'GET /bkt/s4 1 status 503'
archive
is 'broken connections' "$rc:$err" 0:
is 'all is there' "$(count):$(clean)" 7:
fresh
fault 'GET /bkt/s2 1+* corrupt 50' 'GET /bkt/large 1+* corrupt 150000'
archive
is 'damaged on the way' "$rc:$(printf '%s\n' "$err" |
    grep -c '^dcor-archive: s3://bkt/\(s2\|large\): ')" 1:2
is 'the others' "$(count):$(clean)" 5:
fault
archive
is 'the next run has them' "$rc:$err:$(count):$(clean)" 0::7:

fresh
fault 'GET /bkt/s5 1+* status 403' 'GET /bkt/other 1+* status 404'
archive
is 'refused' "$rc:$(printf '%s\n' "$err" |
    grep -c '^dcor-archive: s3://bkt/\(s5\|other\): ')" 1:2
is 'the last line' "$(printf '%s\n' "$err" | tail -n 1)" \
    'dcor-archive: failed 2'
is 'the others are there' "$(count):$(clean)" 5:

# it changes after it was listed
fresh
fault 'GET /bkt/s1 1+* etag'
archive
is 'changed under way' "$rc:$(printf '%s\n' "$err" |
    grep -c '^dcor-archive: s3://bkt/s1: ')" 1:1
is 'is not archived' "$(count):$(clean)" 6:

# a list that fails: nothing vanished because of it
fresh
fault
archive
s3 rm bkt s1
fault 'GET /bkt list-type 1+* status 403'
archive
is 'a list fails' "$rc:$(printf '%s\n' "$err" | grep -c vanished)" 1:0
fault 'GET / 1+* status 403'
archive
is 'no list of buckets' "$rc" 77
fault
archive
is 'it did vanish' "$rc:$(printf '%s\n' "$err" | grep -c '1 vanished')" 0:1
put in/s1 s1

# locked
fresh
mkfifo hold
archive
httpd --until-eof <hold >/dev/null &
exec 8>hold
cat >locker.py <<X
import fcntl, os, sys
f = open("tree/.dcor-archive/lock", "r+")
fcntl.lockf(f, fcntl.LOCK_EX)
f.seek(0)
f.truncate()
f.write("process %d on %s\n" % (os.getpid(), "elsewhere"))
f.flush()
print("locked", flush=True)
sys.stdin.read()
X
if command -v python3 >/dev/null; then
	mkfifo say end
	python3 locker.py <end >say &
	locker=$!
	exec 7>end
	read -r _ <say
	archive
	is 'locked' "$rc:$err" "75:dcor-archive: j: tree: locked by process \
$locker on elsewhere"
	is 'reading is possible' "$(count)" 7
	exec 7>&-
	wait $locker
	archive
	is 'a lock of the dead does not count' "$rc:$err" 0:
else
	skip 'locked' 'no python3'
fi
exec 8>&-

# the disk is full: the limit on the size of files stands for it
fresh
(ulimit -f 100; dcor-archive -c jobs.yaml 2>e; echo $? >r)
is 'a full disk' "$(cat r):$(test -s e && echo told)" 74:told
archive
is 'and then not' "$rc:$err:$(count):$(clean)" 0::7:
if test "$(id -u)" != 0; then
	fresh
	chmod 500 tree
	archive
	is 'not writable' "$rc" 77
	chmod 700 tree
fi

# links in the tree lead nowhere
fresh
mkdir elsewhere
ln -s "$tmp/elsewhere" tree/bkt
archive
is 'a link for a bucket' "$(test $rc -ne 0 && ls -A elsewhere)" ''
fresh
mkdir tree/bkt
ln -s "$tmp/elsewhere/x" tree/bkt/large
archive
is 'a link for an object' "$(ls -A elsewhere):$(sums s3://bkt/large)" \
    ":$(sum in/large)"
ok 'stays' test -L tree/bkt/large

# a file that somebody put into its way while it was fetched: kept
fresh
mkdir -p tree/bkt/s1 tree/bkt/large
archive
is 'a directory of its name' "$rc:$(count):$(clean)" 0:7:
same 'beside it' tree/bkt/large%f in/large
done_testing
