#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# cmd/cli.c: options, messages, names, progress, signals.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"
p=$B/tests/cliprog

bad() {	# NAME MESSAGE ARGUMENT...: exits 64 with the message first
	_n=$1 _m=$2; shift 2
	run "$p" "$@"
	is "$_n: status" "$rc" 64
	is "$_n: message" "$(head -n 1 err)" "cliprog: $_m"
}
bad 'unknown long' '--none: no such option' --none=3
bad 'unknown short' '-Z: no such option' -qZv
bad 'unwanted argument' '--null: takes no argument' --null=1
bad 'long without argument' '--jobs: argument missing' --jobs
bad 'short without argument' '-j: argument missing' -qj
bad 'too small' '-j: 0: not a whole number from 1 to 64' -j 0
bad 'a sign' '-j: -1: not a whole number from 1 to 64' -j -1
bad 'a blank' '-j:  1: not a whole number from 1 to 64' -j ' 1'
bad 'trailing' '-j: 1k: not a whole number from 1 to 64' -j 1k
bad 'overflow' \
    '-j: 99999999999999999999: not a whole number from 1 to 64' \
    -j 99999999999999999999
bad 'number' '--x: nan: not a number from -1 to 1' --x nan
bad 'hex number' '--x: 0x1: not a number from -1 to 1' --x 0x1
bad 'choice' '--progress: loud: not one of auto, json, none' --progress loud
bad 'control bytes' '--x: a?b: not a number from -1 to 1' --x "$(printf 'a\nb')"
is 'synopsis' "$(sed -n '2,$p' err)" \
    'usage: cliprog [-0qv] [--do what] [name ...]
       cliprog -V'

run "$p" --version
is 'version' "$(cat out)" "cliprog $("$B"/tests/cliprog -V | cut -d' ' -f2)"
run "$p" -V -v
is 'version of libraries' "$(sed -n 2p out)" 'libnone 1.2'

run "$p" x
is 'default level' "$(cat err)" 'cliprog: summary
cliprog: warning: careful'
run "$p" -v x
is 'verbose' "$(sed -n 2p err)" 'cliprog: detail'
run "$p" -q x
is 'quiet' "$(cat err)" ''

is 'no permutation' "$("$p" -q a -v -- b)" '<a>
<-v>
<-->
<b>'
is '-- ends options' "$("$p" -q -- -q --help)" '<-q>
<--help>'
is 'names from stdin' "$(printf 'a\n\nb c\nd' | "$p" -q)" '<a>
<b c>
<d>'
is 'names around -' "$(printf 'a\nb\n' | "$p" -q x - y - z)" '<x>
<a>
<b>
<y>
<z>'
is 'names with NUL' "$(printf 'a\nb\0\0c' | "$p" -q0)" '<a
b>
<c>'
is 'odd bytes pass' "$(printf '\377\001\n' | "$p" -q | od -An -tx1)" \
    ' 3c ff 01 3e 0a'
awk 'BEGIN { for (i = 0; i < 70000; i++) printf "%0*d\n", i % 97 + 1, i
    for (i = 0; i < 300000; i++) printf "x"; printf "\nlast" }' >many
"$p" -q <many >out
ok 'many names, a long one' sh -c \
    "{ sed 's/.*/<&>/' many; echo; } | cmp - out"
mkfifo to from
timeout 20 "$p" -q <to >from &
exec 3>to 4<from
printf 'a\n' >&3
read -r answer <&4
is 'an answer before more is asked' "$answer" '<a>'
exec 3>&- 4<&-
wait $!
printf 'a\0b\n' >nul
"$p" -q <nul >out 2>err; rc=$?
is 'NUL in a line' "$rc:$(cat err)" \
    '65:cliprog: standard input: line 1: has a NUL byte; see -0'
"$p" -q <&- >out 2>err; rc=$?
is 'stdin closed' "$rc" 74
is 'tsv' "$("$p" -q -d tsv)" 'a\tb\nc\\d\r'

for pair in 1:71 2:64 3:66 4:77 5:65 6:74 7:75 8:76 9:78 10:70 11:73 12:70; do
	run "$p" -q -d "${pair%:*}" subject
	is "class ${pair%:*}" "$rc:$(cat err)" \
	    "${pair#*:}:cliprog: subject: the message"
done

"$p" -q -d record >/dev/full 2>err; rc=$?
is 'record to a full disk' "$rc:$(cat err)" \
    '74:cliprog: standard output: No space left on device'
{ "$p" -q -d record endless; echo $? >rc; } 2>err | head -n 1 >/dev/null
is 'reader left' "$(cat rc):$(cat err)" "141:"
{ (trap '' PIPE; "$p" -q -d record endless); echo $? >rc; } 2>err |
    head -n 1 >/dev/null
is 'reader left, SIGPIPE ignored' "$(cat rc):$(cat err)" "141:"

# progress
run "$p" -q -d steps
is 'no progress in a log' "$(cat err)" ''
run "$p" -q --progress json -d steps
is 'progress records' "$(sed -n '$p' err | sed 's/,"sec.*//')" \
    '{"type":"progress","what":"f.rtdc","unit":"frames","done":40,"total":40'
run "$p" --progress=none -q -d steps
is 'no progress' "$(cat err)" ''

# signals: ready says that the handlers are there
start() {
	mkfifo fifo 2>/dev/null
	"$p" -q "$@" >fifo 2>err &
	pid=$!
	read -r _ <fifo
}
for s in TERM:143 HUP:129 XCPU:152; do
	start -d wait
	kill -"${s%:*}" $pid
	wait $pid 2>/dev/null
	is "dies by SIG${s%:*}" "$?:$(cat err)" "${s#*:}:cleanup"
done
start -d wait deaf
kill -TERM $pid
kill -TERM $pid
kill -HUP $pid
wait $pid 2>/dev/null; rc=$?
case $rc in 129|143) rc=dead ;; esac
is 'the second signal kills' "$rc:$(cat err)" 'dead:cleanup'
start -d steps
kill -USR1 $pid
wait $pid
ok 'SIGUSR1 asks for a line' grep -q \
    '^cliprog: f.rtdc: .*% of 40 frames, .*/s, 0:0[01] left$' err
(trap '' HUP
"$p" -q -d steps & echo $! >pid; wait $!; echo $? >rc) >out 2>err &
while ! grep -q ready out 2>/dev/null; do :; done
kill -HUP "$(cat pid)"
wait $!
is 'nohup is respected' "$(cat rc)" 0
done_testing
