#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# spoiled.sh CASES DIR: makes the measurements of a list of cases, each from
# one that is good (base) or good with fluorescence (fluor), as DIR/N.rtdc.
# A case is a line "= NAME", a line "$ base|fluor [OPERATION ARGUMENT...]"
# (see spoil.c; quoted for the shell), and what the peer prints, which is
# left alone.  B: the build tree.
set -eu
cases=$1 dir=$2
PATH=$B/tests:$PATH
mkdir -p "$dir"
mkrtdc -q -o "$dir/base" --frames 7 --size 16x24 --cells 0 --radius 2 \
    --features area_um,deform,temp --no-truth --logs none
spoil "$dir/base" text / setup:identifier XX-0000 \
    num events/index u8 1,2,3,4,5,6,7
cp "$dir/base" "$dir/other"
spoil "$dir/other" lines more 10 'x|y'
cp "$dir/base" "$dir/fluor"
spoil "$dir/fluor" num events/fl1_max f8 5,6,7,8,9,10,11 \
    num events/fl2_max i2 50,60,70,80,90,100,110 \
    int / 'fluorescence:bit depth' 16 \
    text / 'fluorescence:channel 1 name' red \
    text / 'fluorescence:channel 2 name' green \
    int / 'fluorescence:channel count' 2 \
    int / 'fluorescence:channels installed' 3 \
    float / 'fluorescence:laser 1 lambda' 488 \
    float / 'fluorescence:laser 1 power' 8 \
    int / 'fluorescence:laser count' 1 \
    int / 'fluorescence:lasers installed' 2 \
    int / 'fluorescence:sample rate' 1000000 \
    int / 'fluorescence:samples per event' 1 \
    float / 'fluorescence:signal max' 1 \
    float / 'fluorescence:signal min' -1 \
    int / 'fluorescence:trace median' 3 \
    num events/trace/fl1_raw i2 1,2,3,4,5,6,7
n=0
while IFS= read -r line; do
	case $line in
	"\$ "*)
		n=$((n + 1))
		eval "set -- ${line#??}"
		cp "$dir/$1" "$dir/$n.rtdc"
		shift
		(cd "$dir" && spoil "$n.rtdc" "$@")
		;;
	esac
done <"$cases"
