#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Whole transfers when networks, servers, files and disks misbehave.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/s3.sh
. "$srcdir/s3.sh"
key=$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY
serve --key "$key" --min-part 1
s3 mkbucket bkt
mib=1048576
random $((5 * mib + 7)) 1 >f
size=$((5 * mib + 7))
sha=$(sha256sum <f | cut -c1-64)
etag=$(etag_of f $mib)
good="$size	$etag	$sha	1"
put() { run s3 --sum --part $mib -j 3 "$@" put f bkt o; }
get() { run s3 --sum --part $mib -j 3 "$@" get bkt o g; }
# whole NAME MOVED: the last get did it, moving so many bytes
whole() {
	is "$1" "$rc:$out:$err" "0:$2	$good:"
	ok "$1: content" cmp f g
	is "$1: leavings" "$(ls g*)" g
	rm -f g
}
# there NAME MOVED: the last put did it
there() {
	is "$1" "$rc:$out:$err" "0:$2	$good:"
	is "$1: content" "$(s3 cat bkt o | sha256sum | cut -c1-64)" "$sha"
	is "$1: uploads" "$(s3 pending bkt)" ''
	ok "$1: no journal" test ! -e j
	s3 rm bkt o
}
# failed NAME STATUS TEXT
failed() {
	is "$1: status" "$rc" "$2"
	case $err in
	*"$3"*) ok "$1: message" true ;;
	*) is "$1: message" "$err" "*$3*" ;;
	esac
}

# sums, for more parts than go side by side and any length of the last
wrong=
for n in 1001 1999 2000 2064 15999 16000 16001 16063 17000 32000 32001 \
    33333 48064; do
	head -c $n f >e
	test "$(s3 --part 1000 etag e)" = "$(etag_of e 1000)" &&
	test "$(s3 --part 1024 etag e)" = "$(if test $n -gt 1024; then
	    etag_of e 1024; else md5 e; fi)" || wrong="$wrong $n"
done
is 'ETags of files' "$wrong" ''

# uploads
put
there 'put' $size
is 'six parts, one each' "$(requests PUT /bkt/o partNumber)" 6
for f in 'eat 300000' 'drop' 'status 500' 'status 503 0' 'reset 0'; do
	fault "PUT /bkt/o partNumber 3 $f"
	put
	there "put, part: $f" $size
done
for f in 'drop' 'error200 InternalError' 'emptyetag' 'blanks 100' \
    'status 503 0' 'chunked' 'unquoted' 'hangup'; do
	fault "POST /bkt/o uploadId 1 $f"
	put
	there "put, end: $f" $size
done
fault 'POST /bkt/o uploads 1 status 500'
put
there 'put, begin: status 500' $size
fault
head -c $((mib - 1)) f >small
run s3 --part $mib put small bkt o
is 'small: one request' "$rc:$(printf '%s' "$out" | cut -f3):$(s3 head bkt o |
    cut -f4)" "0:$(md5 small):$(md5 small)"
fault 'PUT /bkt/o 1 drop'
run s3 put small bkt o
is 'small, answer lost' "$rc:$(s3 cat bkt o | md5sum | cut -c1-32)" \
    "0:$(md5 small)"
fault
s3 rm bkt o

# encrypted by the server, ETags are no sums: not an error, and not proven
fault 'PUT /bkt/o 1+* kms' 'POST /bkt/o 1+* kms'
put
is 'put, encrypted' "$rc:$(printf '%s' "$out" | cut -f1,5):$(s3 cat bkt o |
    sha256sum | cut -c1-64)" "0:$size	0:$sha"
run s3 put small bkt o
is 'put, encrypted, small' "$rc:$(printf '%s' "$out" | cut -f5)" 0:0
fault
s3 rm bkt o
# a part that arrives damaged: its ETag tells
fault 'PUT /bkt/o partNumber 2 spoil'
nolog
put
is 'put, damaged on the way' \
    "$rc:$(s3 head bkt o | cut -f4):$(requests PUT /bkt/o partNumber)" \
    "0:$etag:7"
s3 rm bkt o
fault 'PUT /bkt/o 1 spoil'
run s3 put small bkt o
is 'small, damaged on the way' "$rc:$(s3 head bkt o | cut -f4)" \
    "0:$(md5 small)"
s3 rm bkt o
fault 'PUT /bkt/o partNumber=2 1+* spoil'
put
failed 'put, damaged each time' 65 'part 2: the server has'
is 'nothing is left' "$(s3 pending bkt)$(s3 list bkt)" ''

# what failed is taken up
fault 'PUT /bkt/o partNumber=4 1 status 403'
put --journal j
failed 'put, refused' 77 's3://bkt/o: '
ok 'the journal stays' test -s j
is 'nobody else may read it' "$(stat -c %a j)" 600
is 'the upload stays' "$(s3 pending bkt | cut -f1)" o
fault
id=$(s3 pending bkt | cut -f2)
have=$(s3 parts bkt o "$id" | awk '{ n += $2 } END { print n }')
put --journal j
there 'put, taken up' $((size - have))
fault 'POST /bkt/o uploads 1 drop'
put --journal j --tries 1
is 'put, the id got lost' "$rc:$(s3 pending bkt | cut -f1)" 75:o
fault
nolog
put --journal j
is 'it is found again' "$(requests POST /bkt/o uploads)" 0
there 'put, with that upload' $size
fault 'POST /bkt/o uploads 1 drop'
put --journal j --tries 1
fault
random $((2 * mib)) 7 >f2
run s3 --part $mib --journal j put f2 bkt o
is 'put, the id got lost and the file is another' \
    "$rc:$(printf '%s' "$out" | cut -f1,3):$(s3 pending bkt)" \
    "0:$((2 * mib))	$(etag_of f2 $mib):"
s3 rm bkt o
fault 'PUT /bkt/o partNumber=4 1 status 403'
put
failed 'put, refused, no journal' 77 's3://bkt/o: '
is 'the upload does not stay' "$(s3 pending bkt)" ''
fault 'PUT /bkt/o partNumber=4 1 status 403'
put --journal j
fault
s3 abort bkt o "$(s3 pending bkt | cut -f2)"
put --journal j
there 'put, taken up after it was aborted' $size
fault 'PUT /bkt/o partNumber=4 1 status 403'
put --journal j
fault
cp f f.old
printf x | dd of=f bs=1 seek=100 conv=notrunc 2>/dev/null
put --journal j
is 'put, taken up with a changed file' "$rc:$(printf '%s' "$out" |
    cut -f1,3)" "0:$size	$(etag_of f $mib)"
is 'the old upload is gone' "$(s3 pending bkt)" ''
mv f.old f
fault 'PUT /bkt/o partNumber=4 1 status 403'
put --journal j
fault
head -c $(($(wc -c <j) - 5)) j >j2
mv j2 j
put --journal j
is 'put, a torn journal' "$rc:$(printf '%s' "$out" | cut -f1,3)" \
    "0:$size	$etag"
s3 abort bkt o "$(s3 pending bkt | cut -f2)"
put --meddle f
failed 'put, the file changes meanwhile' 65 'changed while it was read'
is 'nothing is left of it' "$(s3 pending bkt)" ''
run s3 --part 99999999 --meddle f put f bkt o
failed 'in one go, the file changes meanwhile' 65 'changed'
s3 rm bkt o
random $size 1 >f
run s3 put none bkt o
is 'no such file' "$rc" 66
run s3 put . bkt o
is 'a directory' "$rc" 64
run s3 --part 5368709121 put f bkt o
ok 'parts beyond 5 GiB' test "$rc" -eq 64
run s3 --part $mib put f none o
failed 'no such bucket' 66 'NoSuchBucket'

# downloads
put
get
whole 'get' $size
for f in 'cut 1000' 'reset 70000' 'status 503 0' 'status 500' \
    'hangup' 'unquoted'; do
	fault "GET /bkt/o 3 $f"
	get
	whole "get: $f" $size
done
fault 'GET /bkt/o 2 stall 5000'
get --stall 1
whole 'get: stall' $size
for f in 'norange' 'noetag' 'chunked'; do
	fault "GET /bkt/o 1+* $f" "HEAD /bkt/o 1+* $f"
	get
	is "get: $f" "$rc:$(printf '%s' "$out" | cut -f4)" "0:$sha"
	ok "get: $f: content" cmp f g
	is "get: $f: leavings" "$(ls g*)" g
	rm -f g
done
for f in badrange 'short 10'; do
	fault "GET /bkt/o 2+* $f"
	get --tries 2
	is "get: $f" "$rc:$(find . -name g)" 76:
	rm -f g.*
done
fault 'HEAD /bkt/o 1+* nohead'
get
failed 'get: nohead' 77 'access denied'
fault
get --want "$size:$etag"
whole 'get: without HEAD of its own' $size
fault 'GET /bkt/o 2 corrupt 1000'
get --sha256 "$sha"
failed 'get: corrupt' 65 'SHA-256'
is 'get: corrupt: nothing stays' "$(find . -name 'g*')" ''
fault 'GET /bkt/o 2 corrupt 1000'
get
is 'get: corrupt, and no size of the parts gives the ETag: not proven' \
    "$rc:$(printf '%s' "$out" | cut -f5)" 0:0
rm -f g
s3 put small bkt small >small.out
fault 'GET /bkt/small 1 corrupt 1000'
run s3 get bkt small g
failed 'get: corrupt, one part' 65 'has not the sum'
is 'get: corrupt, one part: nothing stays' "$(find . -name 'g*')" ''
fault 'GET /bkt/o 4 etag'
get
failed 'get: it changes' 65 's3://bkt/o: '
is 'get: it changes: nothing stays' "$(find . -name 'g*')" ''
fault
put
get --want "$size:00000000000000000000000000000000"
failed 'get: not what is wanted' 65 's3://bkt/o: '
get --sha256 "$(printf x | sha256sum | cut -c1-64)"
failed 'get: another SHA-256' 65 'SHA-256'
ok 'get: no file of it' test ! -e g
get --sha256 "$sha"
whole 'get: that SHA-256' $size
run s3 --part $mib get bkt o g
is 'get: no SHA-256 unless it is asked for' "$rc:$out" \
    "0:$size	$size	$etag		1"
rm g
echo old >g
get
failed 'a file is in the way' 73 'exists'
is 'it is as it was' "$(cat g)" old
get -f
whole 'unless it shall go' $size
run s3 get bkt o none/g
ok 'no such directory' test "$rc" -eq 73
run s3 get bkt none g
failed 'no such object' 66 's3://bkt/none: '

# taken up
fault 'GET /bkt/o 5+* status 403'
get
failed 'get, refused' 77 's3://bkt/o: '
ok 'what is there stays' test -s g.part -a -s g.part.journal
is 'the journal is private' "$(stat -c %a g.part.journal)" 600
fault
cp g.part p
cp g.part.journal pj
get
is 'get, taken up' "$rc:$(printf '%s' "$out" | cut -f2-)" "0:$good"
moved=$(printf '%s' "$out" | cut -f1)
have=$(grep -c ' done ' pj)
echo "# $have chunks were there"
ok 'some were there' test "$have" -gt 0
is 'only what was missing' "$moved" $((size - have * mib))
ok 'content' cmp f g
rm g
cp p g.part
grep -v ' disk ' pj >pj2
head -c $(($(wc -c <pj2) - 3)) pj2 >g.part.journal
get
is 'get, a torn journal' "$rc:$(printf '%s' "$out" | cut -f1)" \
    "0:$((moved + mib))"
rm g
# resum FILE: the lines of a journal with the sums they should have
resum() {
	cut -d ' ' -f 2- "$1" | while IFS= read -r line; do
		printf '%s %s\n' "$(printf '%s' "$line" | sha256sum |
		    cut -c1-8)" "$line"
	done
}
if test -r /proc/sys/kernel/random/boot_id; then
	cp p g.part
	# killed, then the machine went down, having written one chunk
	sed 's/ boot .*/ boot another/;/ disk /d;/ done 1$/a x disk 1' pj >pj2
	resum pj2 >g.part.journal
	get
	is 'get, after a crash: what was on disk counts' \
	    "$rc:$(printf '%s' "$out" | cut -f1)" "0:$((size - mib))"
	ok 'content' cmp f g
	rm g
	cp p g.part
	sed '/ disk /d' pj >pj2
	resum pj2 >g.part.journal
	get
	is 'get, after a kill: what was written counts' \
	    "$rc:$(printf '%s' "$out" | cut -f1)" "0:$moved"
	rm g
fi
cp p g.part
cp pj g.part.journal
i=$(sed -n 's/.*done //p' pj | head -n 1)
printf x | dd of=g.part bs=1 seek=$((i * mib + 9)) conv=notrunc 2>/dev/null
get
is 'get, what was there is damaged' "$rc:$(printf '%s' "$out" | cut -f2-)" \
    "0:$good"
ok 'content' cmp f g
rm g
cp p g.part
cp pj g.part.journal
head -c $size /dev/zero >z
run s3 --part $mib put z bkt o
get
is 'get, the object is another' "$rc:$(printf '%s' "$out" | cut -f1)" \
    "0:$size"
ok 'content' cmp z g
rm g

# what others may have uploaded: 1 part, odd sizes, none
for p in 1000000 2097152 $size; do
	run s3 --part $p put f bkt o
	run s3 --sum get bkt o g
	is "parts of $p" "$rc:$(printf '%s' "$out" | cut -f1,4)" \
	    "0:$size	$sha"
	rm -f g
done
# parts of a size that one can only be told
run s3 --part 1300000 put f bkt o
run s3 get bkt o g
is 'parts of an odd size: not proven' "$rc:$(printf '%s' "$out" | cut -f5)" \
    0:0
rm g
fault 'HEAD /bkt/o partNumber=1 1+* parts'
run s3 get bkt o g
is 'the server tells it: proven' "$rc:$(printf '%s' "$out" | cut -f5)" 0:1
rm g
fault 'HEAD /bkt/o partNumber=1 1+* parts' 'GET /bkt/o 1 corrupt 1000'
run s3 get bkt o g
failed 'and what is damaged is found' 65 'has not the sum'
fault
: >nil
run s3 --sum put nil bkt nil
is 'nothing' "$rc:$out" "0:0	0	$(md5 nil)	$(sha256sum <nil |
    cut -c1-64)	1"
run s3 get bkt nil g
is 'nothing back' "$rc:$(wc -c <g):$(printf '%s' "$out" | cut -f5)" 0:0:1
rm g

# a full disk
if test "$(id -u)" -eq 0 && mkdir m && mount -t tmpfs -o size=2m none m \
    2>/dev/null; then
	run s3 --part $mib get bkt o m/g
	failed 'a full disk' 74 'No space left'
	ok 'no file' test ! -e m/g
	umount m
fi
is 'descriptors and requests' "$(s3 pending bkt)" ''
done_testing
