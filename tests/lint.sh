#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The house style, as far as a machine can see it.  Run by "make lint",
# which sets B, CC and CPPFLAGS.  TAP; what offends is printed as comments.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$top" || exit 1

# none NAME COMMAND...: the command prints nothing
none() {
	_n=$1; shift
	"$@" >"$tmp/none.out" 2>&1
	test ! -s "$tmp/none.out"; _r=$?; _result $_r "$_n"
	test $_r -eq 0 || sed 's/^/# /' "$tmp/none.out"
}
c=$(find cmd lib tests -name '*.[ch]' | sort)
lib=$(find lib -name '*.[ch]' | sort)
hdr=$(find cmd lib -name '*.h' | sort)
sh=$(find .ci share completions tests -type f -exec grep -lsE \
    '^(#!/bin/sh|# shellcheck shell=sh)' {} + | sort)
man=$(find man -name '*.[1-8]' | sort)
prose=$(find README.md NEWS man -type f | sort)

# What a room may use: rooms before the colon see only those after it.
rooms() {
	awk '
	BEGIN {
		may["base"] = " base "
		may["rtdc"] = " base rtdc "
		may["net"] = " base rtdc net "
		may["segm"] = " base rtdc segm "
		may["unet"] = " base unet "
		may["repo"] = " base net repo "
		may["job"] = " base repo job "
		may["arch"] = " base net arch "
	}
	FNR == 1 {
		split(FILENAME, part, "/")
		if (!((room = part[2]) in may))
			print FILENAME ": no such room"
	}
	/^#[ \t]*include[ \t]*"/ {
		split($0, q, "\"")
		if (split(q[2], to, "/") < 2) {
			print FILENAME ":" FNR ": " q[2] ": name its room"
			next
		}
		if (index(may[room], " " to[1] " ") == 0)
			print FILENAME ":" FNR ": " room " must not use " q[2]
		if (room == "net" && to[1] == "rtdc" &&
		    FILENAME !~ /\/h5url\./)
			print FILENAME ":" FNR ": only net/h5url uses rtdc"
	}' $lib
}

# Each external library is touched by the files named here and no other.
external() {
	awk '
	function only(pattern, what) {
		if (FILENAME !~ pattern)
			print FILENAME ":" FNR ": " what " is for " pattern
	}
	/^#[ \t]*include[ \t]*[<"](hdf5|H5.*)\.h/ {
		only("^(lib/rtdc/h5[a-z]*|lib/rtdc/chunk|lib/net/h5url|" \
		    "tests/.*)\\.[ch]$", "HDF5") }
	/^#[ \t]*include <(zstd|zlib)/ {
		only("^(lib/rtdc/chunk|tests/.*)\\.[ch]$", $2) }
	/^#[ \t]*include <openssl/ {
		only("^(lib/(base/hash|net/sigv4)|tests/http/.*)\\.[ch]$", \
		    "OpenSSL") }
	/^#[ \t]*include <jansson/ { only("^lib/base/json\\.c$", "jansson") }
	/^#[ \t]*include <yaml/ { only("^lib/base/yaml\\.c$", "libyaml") }
	/^#[ \t]*include <curl/ {
		only("^lib/net/http(try)?\\.[ch]$", "libcurl") }
	/^#[ \t]*include <expat/ { only("^lib/net/xml\\.c$", "expat") }
	/pthread_create[ \t]*\(/ {
		only("^(lib/base/pool|tests/.*)\\.c$", "making threads") }
	' $c
}

# Code without comments and strings, FILE:LINE: before each line.
code() {
	awk '
	FNR == 1 { inside = 0 }
	{
		line = $0
		gsub(/\\./, "", line)
		gsub(/"[^"]*"/, "\"\"", line)
		out = ""
		while (line != "") {
			if (inside) {
				if ((i = index(line, "*/")) == 0)
					break
				line = substr(line, i + 2)
				inside = 0
			} else {
				if ((i = index(line, "/*")) == 0) {
					out = out line
					break
				}
				out = out substr(line, 1, i - 1)
				line = substr(line, i + 2)
				inside = 1
			}
		}
		print FILENAME ":" FNR ":" out
	}' "$@"
}
banned() {
	_w='v?sprintf|str(cpy|cat|ncpy|ncat|tok)|gets|ato[ilf]|system|popen'
	_w="$_w|tmpnam|tempnam|mktemp|alloca|signal|(local|gm|c|asc)time|s?rand"
	_w="$_w|v?[sf]?scanf|setlocale"
	code $c | grep -E "[^[:alnum:]_>.]($_w) *\\("
}

columns() {
	awk '
	{
		n = 0
		for (i = 1; i <= length($0); i++)
			n = substr($0, i, 1) == "\t" ? n + 8 - n % 8 : n + 1
		if (n > 80)
			print FILENAME ":" FNR ": " n " columns"
	}
	/[ \t]$/ { print FILENAME ":" FNR ": blanks at the end" }
	/^\t* {8}/ && FILENAME ~ /\.[ch]$/ {
		print FILENAME ":" FNR ": blanks for a tab" }
	/\r/ { print FILENAME ":" FNR ": carriage return" }
	' $c $sh $prose Makefile
}

spdx() {
	for f in $c $sh $man Makefile; do
		head -n 2 "$f" |
		grep -q 'SPDX-License-Identifier: GPL-3.0-or-later' ||
		echo "$f: no SPDX line"
	done
}

length() {
	wc -l $c $sh Makefile | awk '$2 != "total" &&
	    $1 > ($2 ~ /^Makefile/ ? 220 : $2 ~ /^(cmd|lib).*h$/ ? 150 : 600) {
		print $2 ": " $1 " lines" }'
	wc -l README.md | awk '$1 > 150 { print "README.md: too long" }'
	find tests -type f -size +64k
}

alone() {
	for h in $hdr; do
		printf '#include "%s"\n' "$h" |
		$CC $CPPFLAGS -I. -std=c11 -Wall -Wextra -fsyntax-only -xc -
	done
}

exported() {
	nm -g --defined-only "$B/libdcor.a" |
	awk 'NF == 3 && $3 !~ /^dcor_/ && $3 !~ /^__(a|ub|t)san_/ {
	    print $3 ": exported without dcor_" }'
}

imported() {
	_w='_?_?exit|abort|quick_exit|__assert_fail|perror|v?printf|puts'
	_w="$_w|putchar|__v?printf_chk|std(in|out|err)|sigaction|signal|fork"
	_w="$_w|system|getopt|setenv|putenv|chdir|umask|setlocale"
	nm -A -u "$B/libdcor.a" |
	awk -v w="^($_w)\$" '$NF ~ w { print $1 " refers to " $NF }'
}

words() {
	grep -nIwE 'TODO|FIXME|XXX|HACK|WIP' $c $prose Makefile
	grep -nIE '(^|[^[:alnum:]_.)}])/(home|root|mnt|opt|srv|work)/' \
	    $c $sh $prose Makefile
}

none 'rooms use only rooms below them' rooms
none 'each library is touched by its files only' external
none 'no banned function' banned
none 'columns, blanks' columns
none 'licence lines' spdx
none 'length and size of files' length
none 'headers compile alone' alone
none 'exported names' exported
none 'the library neither prints nor exits' imported
none 'no unfinished words, no paths of one machine' words
none 'mandoc' mandoc -T lint -W warning $man
none 'shellcheck' shellcheck -x -s sh -e SC2034,SC2086,SC2154,SC2317 $sh
done_testing
