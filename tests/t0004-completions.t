#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The completions are those of the programs.  After a change of options:
#	for s in bash:dcor.bash zsh:_dcor fish:dcor.fish; do
#	completions/gen ${s%:*} build/bin/dcor-* >completions/${s#*:}; done
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"

set -- "$B"/bin/dcor-*
test -x "$1" || skip_all "no program is built"

for s in bash:dcor.bash zsh:_dcor fish:dcor.fish; do
	shell=${s%:*} file=${s#*:}
	ok "$file can be made" sh -c \
	    "'$top/completions/gen' $shell '$B'/bin/dcor-* >$file"
	same "$file is up to date" "$top/completions/$file" $file
	if command -v "$shell" >/dev/null; then
		ok "$shell accepts $file" "$shell" -n "$file"
	else
		skip "$shell accepts $file" "no $shell"
	fi
done

offers() {	# WORD...: what bash offers for the last one
	bash -c '. "$0"; COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
	compopt() { :; }
	_dcor "$1"; printf "%s\n" "${COMPREPLY[@]}"' ./dcor.bash "$@" |
	    tr '\n' ' '
}
if command -v bash >/dev/null; then
	is 'bash completes an option' \
	    "$(offers dcor-segment --pro)" '--progress '
	is 'bash completes a choice' \
	    "$(offers dcor-segment --progress '')" 'auto json none '
	: >a.rtdc
	is 'bash completes a file' "$(offers dcor-segment a)" 'a.rtdc '
fi
done_testing
