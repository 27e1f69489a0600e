# bash completions of dcor-tools
# Made by completions/gen; do not edit.
_dcor()
{
	local cur=${COMP_WORDS[COMP_CWORD]}
	local prev=${COMP_WORDS[COMP_CWORD-1]} want= opts=
	COMPREPLY=()
	case ${1##*/}:$prev in
	dcor-segment:-b|dcor-segment:--background)
		want="-" ;;
	dcor-segment:--segmenter)
		want="-" ;;
	dcor-segment:--features)
		want="-" ;;
	dcor-segment:--gate)
		want="-" ;;
	dcor-segment:--pipeline)
		want="-" ;;
	dcor-segment:-P|dcor-segment:--pixel-size)
		want="-" ;;
	dcor-segment:-l|dcor-segment:--limit)
		want="-" ;;
	dcor-segment:-z|dcor-segment:--compression)
		want="-" ;;
	dcor-segment:-o|dcor-segment:--output)
		want="file" ;;
	dcor-segment:-j|dcor-segment:--jobs)
		want="-" ;;
	dcor-segment:--progress)
		want="auto json none" ;;
	esac
	case ${1##*/} in
	dcor-segment)
		opts="--background -b --segmenter --features --gate --pipeline --pixel-size -P --limit -l --drain --compression -z --output -o --force -f --jobs -j --dry-run -n --null -0 --json --progress --quiet -q --verbose -v --help -h --version -V" ;;
	esac
	if [[ -z $want && $cur == -* ]]; then
		want=$opts
	fi
	case $want in
	-) ;;
	""|file)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	dir)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -d -- "$cur") ;;
	*)
		mapfile -t COMPREPLY < <(compgen -W "$want" -- "$cur") ;;
	esac
}
complete -F _dcor dcor-segment
