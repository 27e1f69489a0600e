# bash completions of dcor-tools
# Made by completions/gen; do not edit.
_dcor()
{
	local cur=${COMP_WORDS[COMP_CWORD]}
	local prev=${COMP_WORDS[COMP_CWORD-1]} want= opts=
	COMPREPLY=()
	case ${1##*/}:$prev in
	dcor-archive:-c|dcor-archive:--config)
		want="file" ;;
	dcor-archive:--profiles)
		want="file" ;;
	dcor-archive:--job)
		want="-" ;;
	dcor-archive:--archive)
		want="dir" ;;
	dcor-archive:-o|dcor-archive:--output)
		want="-" ;;
	dcor-archive:--generation)
		want="-" ;;
	dcor-archive:--at)
		want="-" ;;
	dcor-archive:--max-age)
		want="-" ;;
	dcor-archive:--budget)
		want="-" ;;
	dcor-archive:-j|dcor-archive:--jobs)
		want="-" ;;
	dcor-archive:--progress)
		want="auto json none" ;;
	dcor-check:--format)
		want="tsv json dclab" ;;
	dcor-check:-j|dcor-check:--jobs)
		want="-" ;;
	dcor-check:--progress)
		want="auto json none" ;;
	dcor-join:-o|dcor-join:--output)
		want="file" ;;
	dcor-join:-z|dcor-join:--compression)
		want="-" ;;
	dcor-join:-j|dcor-join:--jobs)
		want="-" ;;
	dcor-join:--progress)
		want="auto json none" ;;
	dcor-pack:-z|dcor-pack:--compression)
		want="-" ;;
	dcor-pack:-C|dcor-pack:--chunk)
		want="-" ;;
	dcor-pack:-x|dcor-pack:--strip)
		want="-" ;;
	dcor-pack:--lut)
		want="file" ;;
	dcor-pack:--medium)
		want="-" ;;
	dcor-pack:--temperature)
		want="-" ;;
	dcor-pack:--viscosity-model)
		want="buyukurganci-2022 herold-2017" ;;
	dcor-pack:--viscosity)
		want="-" ;;
	dcor-pack:--paged)
		want="-" ;;
	dcor-pack:-o|dcor-pack:--output)
		want="file" ;;
	dcor-pack:-j|dcor-pack:--jobs)
		want="-" ;;
	dcor-pack:--progress)
		want="auto json none" ;;
	dcor-presign:-X|dcor-presign:--method)
		want="get put head delete" ;;
	dcor-presign:-e|dcor-presign:--expires)
		want="-" ;;
	dcor-presign:--filename)
		want="-" ;;
	dcor-presign:--response-type)
		want="-" ;;
	dcor-presign:--version-id)
		want="-" ;;
	dcor-presign:--multipart)
		want="-" ;;
	dcor-presign:--upload-id)
		want="-" ;;
	dcor-presign:--date)
		want="-" ;;
	dcor-presign:--signature)
		want="v4 v2" ;;
	dcor-presign:--endpoint)
		want="-" ;;
	dcor-presign:--region)
		want="-" ;;
	dcor-presign:--addressing)
		want="path virtual" ;;
	dcor-presign:-p|dcor-presign:--profile)
		want="-" ;;
	dcor-presign:-c|dcor-presign:--config)
		want="file" ;;
	dcor-presign:--format)
		want="url tsv json curl" ;;
	dcor-presign:--ca-cert)
		want="file" ;;
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
	dcor-slice:-e|dcor-slice:--events)
		want="-" ;;
	dcor-slice:-w|dcor-slice:--where)
		want="-" ;;
	dcor-slice:--poly)
		want="file" ;;
	dcor-slice:--sample)
		want="-" ;;
	dcor-slice:--limit)
		want="-" ;;
	dcor-slice:-F|dcor-slice:--feature)
		want="-" ;;
	dcor-slice:-o|dcor-slice:--output)
		want="file" ;;
	dcor-slice:--format)
		want="tsv csv json rtdc npy npz raw tiff png" ;;
	dcor-slice:--level)
		want="-" ;;
	dcor-slice:--strip)
		want="basins logs tables" ;;
	dcor-slice:-m|dcor-slice:--metadata)
		want="-" ;;
	dcor-slice:--log)
		want="-" ;;
	dcor-slice:--table)
		want="-" ;;
	dcor-slice:-j|dcor-slice:--jobs)
		want="-" ;;
	dcor-slice:-c|dcor-slice:--config)
		want="file" ;;
	dcor-slice:-p|dcor-slice:--profile)
		want="-" ;;
	dcor-slice:-s|dcor-slice:--server)
		want="-" ;;
	dcor-slice:--endpoint)
		want="-" ;;
	dcor-slice:--region)
		want="-" ;;
	dcor-slice:--ca-cert)
		want="file" ;;
	dcor-slice:--cache)
		want="-" ;;
	dcor-slice:--progress)
		want="auto json none" ;;
	esac
	case ${1##*/} in
	dcor-archive)
		opts="--config -c --profiles --job --archive --list --verify --restore --report --rebuild --output -o --generation --at --max-age --budget --jobs -j --dry-run -n --force -f --json --progress --quiet -q --verbose -v --help -h --version -V" ;;
	dcor-check)
		opts="--deep --format --json --jobs -j --null -0 --progress --quiet -q --verbose -v --help -h --version -V" ;;
	dcor-join)
		opts="--output -o --force -f --drain --compression -z --jobs -j --dry-run -n --null -0 --json --progress --quiet -q --verbose -v --help -h --version -V" ;;
	dcor-pack)
		opts="--compression -z --chunk -C --strip -x --condense --no-basin-features --no-ancillary-features --lut --medium --temperature --viscosity-model --viscosity --paged --output -o --in-place -i --force -f --jobs -j --dry-run -n --null -0 --json --progress --quiet -q --verbose -v --help -h --version -V" ;;
	dcor-presign)
		opts="--method -X --expires -e --filename --response-type --version-id --multipart --upload-id --date --signature --endpoint --region --addressing --profile -p --config -c --format --json --explain --inspect --check --ca-cert --null -0 --quiet -q --verbose -v --help -h --version -V" ;;
	dcor-segment)
		opts="--background -b --segmenter --features --gate --pipeline --pixel-size -P --limit -l --drain --compression -z --output -o --force -f --jobs -j --dry-run -n --null -0 --json --progress --quiet -q --verbose -v --help -h --version -V" ;;
	dcor-slice)
		opts="--events -e --where -w --poly --sample --limit --feature -F --output -o --format --level --basin --strip --json --header -H --list -l --metadata -m --log --table --requests --force -f --jobs -j --null -0 --config -c --profile -p --server -s --endpoint --region --ca-cert --cache --progress --quiet -q --verbose -v --help -h --version -V" ;;
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
complete -F _dcor dcor-archive dcor-check dcor-join dcor-pack dcor-presign dcor-segment dcor-slice
