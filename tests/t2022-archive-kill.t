#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# dcor-archive killed at any moment: what it says is archived is, and the
# next run goes on.  KILLS: how many moments (60).
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/s3.sh
. "$srcdir/s3.sh"
kills=${KILLS:-60}
arch='dcor-archive -c jobs.yaml -j 4'

serve --key "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" --min-part 10
s3 mkbucket bkt
mkdir in
i=0
while test $((i = i + 1)) -le 60; do
	random $((i * 997)) $i >in/s$i
	s3 put in/s$i bkt s$i >/dev/null
done
for i in 1 2 3; do
	random $((i * 400000)) 7$i >in/l$i
	s3 put in/l$i bkt l$i >/dev/null
done
(cd in && sha256sum ./* | sed 's/\.\///' | sort -k 2) >want
cat >jobs.yaml <<X
jobs:
  j:
    archive: tree
    small: 100kB
    bundle-size: 500kB
X
fresh() { rm -rf tree; mkdir tree; }
# wrong copies: what restores to something else; what is there twice
wrong() {
	rm -rf out
	mkdir out
	dcor-archive --archive tree --restore -o out 2>&1
	(cd out/bkt 2>/dev/null && sha256sum ./* | sed 's/\.\///') >got
	grep -vxFf want got
	dcor-archive --archive tree --list | cut -f2,3 | sort | uniq -d
	dcor-archive --archive tree --list | awk -F '\t' '$3 != 1'
}
is_whole() {
	(cd out/bkt && sha256sum ./* | sed 's/\.\///' | sort -k 2) >got
	cmp -s got want
}
moments() {
	awk -v n="$1" -v seed="$2" 'BEGIN { srand(seed)
		for (i = 0; i < n; i++) printf "%d\n", rand() * 1000 }'
}

fresh
us=$(killat 0 0 $arch)
is 'whole' "$(wrong)" ''
ok 'complete' is_whole

# each time from where the last one was killed; a fresh tree when it is done
fresh
died=0 bad='' odd=''
for t in $(moments "$kills" 1); do
	killat 9 $((us * t / 1000)) $arch 2>err
	case $? in
	0) w=$(wrong); is_whole || w="$w incomplete"; fresh ;;
	137) died=$((died + 1)) w=
		test ! -d tree/.dcor-archive || w=$(wrong) ;;
	*) odd="$odd $(cat err)" w= ;;
	esac
	bad="$bad$w"
done
is "killed $kills times: wrong copies" "$bad" ''
is 'other ends' "$odd" ''
ok 'many died on the way' test $died -gt $((kills / 10))
run $arch
is 'afterwards' "$rc:$err:$(wrong)" 0::
ok 'all is there' is_whole
is 'nothing is left over' "$(find tree -name '*.part*' -o \
    -name '*.get*')" ''

# killed again and again, it comes to its end: no run begins anew
fresh
n=0
while ! killat 9 $((us * 3 / 10)) $arch 2>/dev/null && test $n -lt 400; do
	n=$((n + 1))
done
run $arch
is 'in small steps' "$rc:$err:$(wrong)" 0::

# what can be caught: dies by it, and goes on as well
fresh
odd=
for t in $(moments 12 3); do
	killat 15 $((us * t / 1000)) $arch 2>err
	case $?:$(cat err) in
	0:|143:) ;;
	*) odd="$odd $(cat err)" ;;
	esac
done
run $arch
is 'SIGTERM' "$odd:$rc:$err:$(wrong)" :0::
ok 'SIGTERM: complete' is_whole

# a power cut tears the bundle that is not published: its end is cut off
fresh
killat 9 $((us / 2)) $arch 2>/dev/null
p=$(find tree/.dcor-archive -name '*.tar.part' | head -n 1)
if test -n "$p"; then
	head -c 777 /dev/zero >>"$p"
	run $arch
	is 'torn' "$rc:$err:$(wrong)" 0::
	ok 'torn: complete' is_whole
else
	skip 'torn' 'no bundle was open'
fi
done_testing
