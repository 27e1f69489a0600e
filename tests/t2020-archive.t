#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# dcor-archive: what is put into a store comes out of the archive, from the
# first run to a rebuilt index.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/s3.sh
. "$srcdir/s3.sh"
sum() { sha256sum <"$1" | cut -c1-64; }
# shellcheck disable=SC2120
archive() { run dcor-archive -c jobs.yaml "$@"; }
# what the archive says of an object: its SHA-256 by generation
sums() { dcor-archive -c jobs.yaml --list "$1" | cut -f6; }
put() { s3 put "$1" "$2" "$3" >/dev/null || echo "# put $3"; }

serve --key "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" --min-part 10
random 1000 1 >small
random 50000 2 >middle
random 300000 3 >large
: >empty
for b in circle-a circle-b other; do s3 mkbucket $b; done
put small circle-a resource/0a/1
put small circle-a resource/0a
put middle circle-a resource/0a/1/x
put empty circle-a resource/empty
put large circle-a resource/big
put large circle-a resource/big/below
put small circle-a resource/../../../etc/passwd
put middle circle-a resource//twice/
put small circle-a "$(printf 'resource/%%n odd\n\377\134')"
long=$(head -c 900 /dev/zero | tr '\0' 'x')
put small circle-a "resource/$long"
put large circle-a "resource/$long/y"
put small circle-a preview/not
put small circle-b resource/1
put small circle-b small_objects/resource
put small other resource/1
mkdir tree
cat >jobs.yaml <<X
defaults:
  archive: tree
  small: 100kB
jobs:
  circles:
    buckets: ^circle-.*\$
    objects: ^(resource|small_objects)/
X

archive -n
is 'dry run' "$rc:$err:$(printf '%s\n' "$out" | cut -f1 | uniq -c |
    tr -s ' ')" '0:: 13 new'
is 'dry run leaves no trace' "$(ls -A tree)" ''
archive
is 'first run is silent' "$rc:$out:$err" '0::'
is 'nothing outside' "$(find . -name 'passwd*' | grep -cv '^./tree/circle-a')" 0
same 'a large object' tree/circle-a/resource/big large
same 'a directory beside a file' tree/circle-a/resource/big%d/below large
is 'nothing is half' "$(find tree -name '*.part*' -o -name '*.get*')" ''
find tree -type f -exec sha256sum {} + | sort >before
nolog
archive
is 'second run' "$rc:$out:$err" '0::'
is 'asks for lists only' "$(log | cut -f2,4 |
    grep -vc 'GET.*list-type=2')" 1
find tree -type f -exec sha256sum {} + | sort >after
grep -v /lock before >b && grep -v /lock after >a
same 'and writes nothing' a b

# what the index says, against sha256sum
is 'list' "$(dcor-archive -c jobs.yaml --list | wc -l | tr -d ' ')" 13
is 'sum of a small one' "$(sums s3://circle-a/resource/0a)" "$(sum small)"
is 'sum of a large one' "$(sums s3://circle-a/resource/big)" "$(sum large)"
is 'prefix' "$(sums 's3://circle-a/resource/0a*' | wc -l | tr -d ' ')" 3
run dcor-archive -c jobs.yaml --list s3://circle-a/none
is 'no such object' "$rc:$err" \
    '66:dcor-archive: s3://circle-a/none: not in the archive'
is 'json' "$(dcor-archive -c jobs.yaml --json --list \
    s3://circle-a/resource/0a | grep -c "^{\"type\":\"object\",.*\
\"sha256\":\"$(sum small)\"")" 1

# bundles, by other programs
tars=$(find tree -name '*.tar')
is 'a bundle a bucket' "$(printf '%s\n' "$tars" | wc -l | tr -d ' ')" 2
mkdir untar
for t in $tars; do
	tar -C untar -xf "$t" >tar.out 2>&1 || echo failed >>tar.out
	ok 'tar has nothing to say' test ! -s tar.out
done
same 'tar: a member' untar/circle-a/resource/0a small
same 'tar: below its name' untar/circle-a%d/resource/0a/1 small
same 'tar: below both' untar/circle-a%d2/resource/0a/1/x middle
same 'tar: a hostile one' \
    untar/circle-a/resource/%2E%2E/%2E%2E/%2E%2E/etc/passwd small
if command -v bsdtar >/dev/null; then
	for t in $tars; do
		bsdtar -tf "$t" >>bsd.list 2>>bsd.err
	done
	is 'bsdtar' "$(wc -l <bsd.list | tr -d ' '):$(cat bsd.err)" 10:
else
	skip 'bsdtar' 'not here'
fi
if command -v python3 >/dev/null; then
	for t in $tars; do
		python3 -c 'import tarfile, sys
for m in tarfile.open(sys.argv[1]):
    print(m.name, m.size, m.pax_headers["comment"].split("\t")[8])' "$t"
	done >py.list
	ok 'Python: name, size, SHA-256' grep -qx \
	    "circle-a/resource/0a 1000 $(sum small)" py.list
else
	skip 'Python' 'not here'
fi
# the list beside a bundle leads to the bytes, with nothing but dd
i=$(grep -l '	resource/0a	' tree/circle-a/small_objects/*.tar.index)
off=$(awk -F '\t' '$4 == "resource/0a" { print $13 }' "$i")
tail -c +$((off + 1)) "${i%.index}" | head -c 1000 >dd.out
same 'offset in the list' dd.out small

# restored
mkdir out
run dcor-archive -c jobs.yaml --restore -o out
is 'restore' "$rc:$out:$err" '0::'
same 'restored: small' out/circle-a/resource/0a small
same 'restored: below' out/circle-a/resource/0a%d/1%d/x middle
same 'restored: large' out/circle-a/resource/big%d/below large
same 'restored: odd bytes' \
    "out/circle-a/$(printf 'resource/%%n odd\n\377\134')" small
same 'restored: empty' out/circle-a/resource/empty empty
is 'restored: all' "$(find out -type f -exec echo x \; | wc -l | tr -d ' ')" 13
is 'nothing else' "$(find . -path ./tree -prune -o -path ./untar -prune -o \
    -name 'passwd*' -print)" \
    ./out/circle-a/resource/%2E%2E/%2E%2E/%2E%2E/etc/passwd
run dcor-archive -c jobs.yaml --restore -v -o out s3://circle-b/resource/1
ok 'again: already there' grep -q 'resource/1: already there' err.txt
echo mine >out/circle-b/resource/1
run dcor-archive -c jobs.yaml --restore -o out s3://circle-b/resource/1
is 'what is there stays' "$rc:$(cat out/circle-b/resource/1)" 1:mine
run dcor-archive -c jobs.yaml --restore -f -o out s3://circle-b/resource/1
same 'unless forced' out/circle-b/resource/1 small
ln -s "$tmp/elsewhere" out/circle-c 2>/dev/null
mkdir elsewhere linked
ln -s "$tmp/elsewhere" linked/circle-b
run dcor-archive -c jobs.yaml --restore -o linked s3://circle-b/resource/1
is 'not through a link' "$rc:$(ls -A elsewhere)" 1:
s3 mkbucket back
run dcor-archive -c jobs.yaml --restore -o s3://back/pre/ \
    's3://circle-a/resource/0a*' s3://circle-a/resource/big
is 'to a bucket' "$rc:$err" 0:
is 'the object' "$(s3 cat back pre/resource/0a | md5sum | cut -c1-32)" \
    "$(md5 small)"
is 'the large object' "$(s3 cat back pre/resource/big | sha256sum |
    cut -c1-64)" "$(sum large)"

# what changes, vanishes, returns
put middle circle-a resource/0a
random 300000 4 >large2
put large2 circle-a resource/big
s3 rm circle-b resource/1
archive
is 'changed, vanished: told' "$rc:$out:$err" "0::dcor-archive: warning: \
job circles: 2 objects changed, 1 vanished; what was archived is kept"
is 'generations of a small one' "$(sums s3://circle-a/resource/0a)" \
    "$(sum small)
$(sum middle)"
same 'the first generation' tree/circle-a/resource/big large
same 'the second' tree/circle-a/resource/big%g2 large2
archive
is 'told once' "$rc:$err" 0:
rm -rf out && mkdir out
run dcor-archive -c jobs.yaml --restore -o out --generation 1 \
    s3://circle-a/resource/0a s3://circle-a/resource/big
same 'generation 1, small' out/circle-a/resource/0a small
same 'generation 1, large' out/circle-a/resource/big large
run dcor-archive -c jobs.yaml --restore -f -o out s3://circle-a/resource/big
same 'the newest' out/circle-a/resource/big large2
run dcor-archive -c jobs.yaml --restore -o out s3://circle-b/resource/1
same 'what vanished' out/circle-b/resource/1 small
is 'at a time before' "$(dcor-archive -c jobs.yaml --list \
    --at 2001-01-01 | wc -l | tr -d ' ')" 0
is 'at a time to come' "$(dcor-archive -c jobs.yaml --list \
    --at 2099-01-01 | wc -l | tr -d ' ')" 12
put small circle-b resource/1
archive -v
ok 'returned' grep -q 'returned: s3://circle-b/resource/1' err.txt

# the numbers
dcor-archive -c jobs.yaml --report >report
is 'objects' "$(awk -F '\t' '$2 == "objects" { print $3 }' report)" 13
is 'generations' "$(awk -F '\t' '$2 == "generations" { print $3 }' report)" 15
is 'bytes' "$(awk -F '\t' '$2 == "bytes" { print $3 }' report)" \
    $((1000 * 6 + 50000 * 3 + 300000 * 3))
is 'unverified' "$(awk -F '\t' '$2 == "unverified" { print $3 }' report)" 15

# drills
archive --verify --budget 400kB
left() { dcor-archive -c jobs.yaml --report |
    awk -F '\t' '$2 == "unverified" { print $3 }'; }
is 'a budget of bytes' "$rc:$(test "$(left)" -lt 15 && echo less)" 0:less
archive --verify
is 'all verified' "$rc:$out:$err:$(left)" 0:::0
archive --verify --max-age 1d -n
is 'none is that old' "$rc:$out" 0:

# a damaged copy is found, told, and fetched again
printf X | dd of=tree/circle-a/resource/big%g2 bs=1 seek=1234 conv=notrunc \
    2>/dev/null
t=$(grep -l '	resource/empty	' tree/circle-a/small_objects/*.tar.index)
off=$(awk -F '\t' '$4 == "resource//twice/" { print $13 }' "$t")
printf X | dd of="${t%.index}" bs=1 seek=$((off + 5)) conv=notrunc 2>/dev/null
why='the archived copy is damaged: SHA-256 differs'
archive --verify
is 'damage' "$rc:$(printf '%s\n' "$err" | sed '$d' | sort)" \
    "1:dcor-archive: s3://circle-a/resource//twice/: $why
dcor-archive: s3://circle-a/resource/big: $why"
rm -rf out && mkdir out
run dcor-archive -c jobs.yaml --restore -o out s3://circle-a/resource/big
is 'a damaged copy is not restored' "$rc:$(find out -type f)" 1:
archive
rm -rf out && mkdir out
run dcor-archive -c jobs.yaml --restore -o out s3://circle-a/resource/big \
    s3://circle-a/resource//twice/
is 'fetched again' "$rc:$err" 0:
same 'the copy of the copy' out/circle-a/resource/big large2

# without the index
dcor-archive -c jobs.yaml --list | cut -f1-8,11- >want
rm tree/.dcor-archive/index
dcor-archive -c jobs.yaml --list | cut -f1-8,11- >got
same 'the tree says the same' got want
nolog
archive
is 'and nothing is fetched' "$rc:$(log | cut -f4 |
    grep -vc list-type=2)" 0:1
run dcor-archive --archive tree --rebuild
is 'rebuild' "$rc:$err" 0:
rm tree/.dcor-archive/index tree/circle-a/small_objects/*.tar.index
dcor-archive --archive tree --list | cut -f1-8,11- >got
same 'bundles explain themselves' got want

# a tree of another program: taken over if it is the same, kept if not
mkdir -p old/circle-a/resource
cp large2 old/circle-a/resource/big
head -c 299999 large >old/circle-a/resource/x
echo Y >>old/circle-a/resource/x
printf 'Z%s' "$(cut -c2- large)" >old/circle-a/resource/x
put large circle-a resource/x
cat >old.yaml <<X
jobs:
  old:
    archive: old
    buckets: circle-a\$
    objects: resource/(big|x)\$
    small: 1000
X
nolog
run dcor-archive -c old.yaml -v
ok 'adopted' grep -q '^dcor-archive: adopted: s3://circle-a/resource/big:' \
    err.txt
is 'not fetched' "$(log | cut -f3 | grep -c '^/circle-a/resource/big$')" 0
ok 'another file: told' grep -q 'resource/x: the archive has another file' \
    err.txt
same 'and kept' old/circle-a/resource/x%g2 large
is 'as it was' "$(head -c 1 old/circle-a/resource/x)" Z

# ETags of parts: of equal size, of one that nobody would guess
s3 mkbucket circle-p
s3 --part 100000 put large circle-p equal >/dev/null
s3 --part 123456 put large circle-p odd >/dev/null
s3 --part 20000 put middle circle-p small-odd >/dev/null
s3 --part 25000 put middle circle-p small-equal >/dev/null
mkdir -p parts/circle-p
cp large parts/circle-p/equal
cp large parts/circle-p/odd
sed 's/archive: old/archive: parts/;s/circle-a/circle-p/;s/(big|x)//
    s/objects:.*/small: 100kB/;/small: 1000/d' old.yaml >parts.yaml
run dcor-archive -c parts.yaml -v
is 'equal parts: adopted' "$rc:$(grep -c 'adopted: s3://circle-p/equal' \
    err.txt)" 0:1
is 'odd parts: not changed' "$(grep -c '^dcor-archive: new: .*/odd:' err.txt)" 1
ok 'odd parts: told' grep -q 'odd: the archive has another file' err.txt
same 'odd parts: fetched' parts/circle-p/odd%g2 large
ok 'what nothing proves' grep -q ' 2 objects have an ETag that proves' err.txt
is 'is known' "$(dcor-archive -c parts.yaml --json --list |
    grep -c '"key":"small-odd".*"unproven":true')" 1

# archive-s3's configuration
mkdir conf.d tree3
cat >conf.d/one.conf <<X
# as archive-s3 has it
name = one
description = a = b
s3_endpoint_url = $AWS_ENDPOINT_URL
s3_access_key_id = $AWS_ACCESS_KEY_ID
s3_secret_access_key = $AWS_SECRET_ACCESS_KEY
s3_quota = 100000
regexp_bucket = ^circle-\\w\$
regexp_object = ^resource/.*\$
object_size_min = 100000
archive_path = tree3
X
run dcor-archive conf.d
is 'readable by others' "$rc:$(printf '%s' "$err" |
    grep -c 'chmod 600')" 77:1
is 'no secret is told' "$(grep -c "$AWS_SECRET_ACCESS_KEY" err.txt)" 0
chmod 600 conf.d/one.conf
(unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_ENDPOINT_URL
dcor-archive conf.d >o 2>e; echo $? >r)
is 'quota' "$(cat r):$(grep -c 'of the quota are used' e)" 1:1
is 'archived by its configuration' "$(dcor-archive -c conf.d --list |
    wc -l | tr -d ' ')" "$(dcor-archive --archive tree3 --list |
    wc -l | tr -d ' ')"
ok 'the files' cmp tree3/circle-a/resource/x large

# mistakes
bad() {	# NAME STATUS MESSAGE COMMAND...
	_n=$1 _s=$2 _m=$3; shift 3
	run "$@"
	is "$_n" "$rc:$(printf '%s\n' "$err" | head -n 1)" \
	    "$_s:dcor-archive: $_m"
}
bad 'no configuration' 78 "no configuration: neither -c, \
$XDG_CONFIG_HOME/dcor/archive.yaml nor /etc/dcor/archive.yaml" dcor-archive
bad 'no such job' 78 '--job x: no such job' dcor-archive -c jobs.yaml --job x
printf 'jobs:\n  a:\n    archive: x\n    object: y\n' >bad.yaml
bad 'misspelt' 78 'bad.yaml:4: object: no such setting' dcor-archive -c bad.yaml
printf 'jobs:\n  a:\n    archive: x\n    objects: (?=y)\n' >bad.yaml
bad 'pattern' 78 'bad.yaml:4: objects: pattern: (?= is not supported' \
    dcor-archive -c bad.yaml
printf 'jobs:\n  a:\n    archive: none/such\n' >bad.yaml
bad 'not mounted' 66 'a: none/such: No such file or directory' \
    dcor-archive -c bad.yaml
bad 'two modes' 64 'one of --list, --verify, --restore, --report, --rebuild' \
    dcor-archive --list --verify
bad 'where to' 64 '--restore needs -o' dcor-archive --restore
bad 'no archive' 66 'out: no archive yet' dcor-archive --archive out --list
done_testing
