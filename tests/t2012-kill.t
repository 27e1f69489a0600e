#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Transfers killed at any moment, again and again: the next call moves only
# what was in flight once more, and the result is the same.
# KILLS: how many moments each way (60).
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/s3.sh
. "$srcdir/s3.sh"
kills=${KILLS:-60}
part=65536 parallel=3
serve --key "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" --min-part 1 --delay 2
s3 mkbucket bkt
size=$((31 * part + 5))
random $size 1 >f
etag=$(etag_of f $part)
put="s3tool --journal j --part $part -j $parallel put f bkt o"
get="s3tool --moved moved --part $part -j $parallel get bkt o g"
# moments N SEED: N parts of a thousand of the time that it takes
moments() {
	awk -v n="$1" -v seed="$2" 'BEGIN { srand(seed)
		for (i = 0; i < n; i++) printf "%d\n", rand() * 700 }'
}
# the bytes of parts that arrived
sent() {
	log | awk -F '\t' '$2 == "PUT" && $4 ~ /partNumber/ { n += $8 }
	    END { print n + 0 }'
}

us=$(killat 0 0 $put | tail -n 1)
s3 rm bkt o
nolog
died=0 done=0 half=0 odd=
for t in $(moments "$kills" 1); do
	killat 9 $((us * t / 1000)) $put >out 2>err
	case $? in
	0)	done=$((done + 1))
		test "$(s3 head bkt o | cut -f4)" = "$etag" ||
		half=$((half + 1))
		s3 rm bkt o
		;;
	137)	died=$((died + 1))
		run s3 head bkt o
		case $rc:$(printf '%s' "$out" | cut -f4) in
		66:) ;;
		"0:$etag")	# at the very end, before the journal went
			done=$((done + 1))
			s3 rm bkt o
			rm -f j
			;;
		*) half=$((half + 1)) ;;
		esac
		;;
	*)	odd="$odd $(cat err)" ;;
	esac
done
run $put
done=$((done + 1))
is 'put: afterwards' "$rc:$(printf '%s' "$out" | cut -f2,3)" \
    "0:$size	$etag"
is 'put: half objects' "$half" 0
is 'put: other statuses' "$odd" ''
ok 'put: many died on the way' test $died -gt $((kills / 10))
sum=$(sent)
echo "# put: killed $died times, done $done times, $sum bytes sent"
ok 'put: sent again is at most what was in flight' test "$sum" -le \
    $((done * size + died * parallel * part))
ok 'put: no journal' test ! -e j
is 'put: no upload is left' "$(s3 pending bkt)" ''
s3 cat bkt o >back
ok 'put: the same bytes' cmp f back

us=$(killat 0 0 $get | tail -n 1)
rm g moved
died=0 done=0 half=0 odd=
for t in $(moments "$kills" 2); do
	killat 9 $((us * t / 1000)) $get >out 2>err
	case $? in
	0)	done=$((done + 1)) ;;
	137)	died=$((died + 1)) ;;
	*)	odd="$odd $(cat err)" ;;
	esac
	if test -e g; then
		test -e g.part && done=$((done + 1))
		cmp -s f g || half=$((half + 1))
		rm -f g
	fi
done
run $get
done=$((done + 1))
is 'get: afterwards' "$rc:$(printf '%s' "$out" | cut -f2,3,5)" \
    "0:$size	$etag	1"
ok 'get: the same bytes' cmp f g
is 'get: half files' "$half" 0
is 'get: other statuses' "$odd" ''
ok 'get: many died on the way' test $died -gt $((kills / 10))
is 'get: leavings' "$(ls g*)" g
sum=$(awk '{ n += $1 } END { print n }' moved)
echo "# get: killed $died times, done $done times, $sum bytes received"
ok 'get: moved again is at most what was in flight' test "$sum" -le \
    $((done * size + died * parallel * part))
done_testing
