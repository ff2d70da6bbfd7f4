# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Completion of scratchfs for bash.

# The mount points of scratchfs, one a line; \040 and its kin are undone.
_scratchfs_mountpoints() {
	local line
	while read -r line; do
		printf '%b\n' "${line//\\/\\0}"
	done < <(awk '/ - fuse\.scratchfs / { print $5 }' /proc/self/mountinfo)
}

# Offers the words on standard input that begin with what was typed.
_scratchfs_offer() {
	local word
	COMPREPLY=()
	while IFS= read -r word; do
		[[ $word == "$cur"* ]] && COMPREPLY+=("$(printf '%q' "$word")")
	done
	return 0
}

_scratchfs_words() {
	mapfile -t COMPREPLY < <(compgen -W "$1" -- "$cur")
}

_scratchfs_files() {
	compopt -o filenames 2>/dev/null
	mapfile -t COMPREPLY < <(compgen "$1" -- "$cur")
}

# The argument of the option before the cursor; fails if it takes none.
_scratchfs_argument() {
	case $1 in
	--volume) _scratchfs_offer < <(scratchfs volume ls --quiet 2>/dev/null) ;;
	-c | --config) _scratchfs_files -f ;;
	--store) _scratchfs_files -d ;;
	--cache) _scratchfs_words 'auto strict' ;;
	--io) _scratchfs_words 'auto cached passthrough' ;;
	--transport) _scratchfs_words 'auto dev uring' ;;
	--locks) _scratchfs_words 'local shared' ;;
	-o) _scratchfs_mount_options ;;
	-s | --scratch | -r | --readonly | -p | --profile | --size | \
		--border-copy) COMPREPLY=() ;;
	*) return 1 ;;
	esac
}

# The last word of a list of mount options.
_scratchfs_mount_options() {
	local before=
	[[ $cur == *,* ]] && before=${cur%,*},
	compopt -o nospace 2>/dev/null
	mapfile -t COMPREPLY < <(compgen -P "$before" -W 'ro rw allow_other suid
		nosuid dev nodev exec noexec atime noatime diratime nodiratime
		async sync dirsync scratch= readonly= config= no_config profile=
		volume= store= size= fresh cache= io= transport= locks=
		border_copy= foreground debug' -- "${cur##*,}")
}

_scratchfs_options='--scratch --readonly --config --no-config --profile --volume
	--store --size --fresh --cache --io --transport --locks --border-copy
	--foreground --debug --help --version -o'

_scratchfs_volume() {
	case $prev in
	--at | --filter | --label | --size) return ;;
	-o | --output)
		_scratchfs_files -f
		return
		;;
	esac
	if ((COMP_CWORD == 2)); then
		_scratchfs_words 'create ls inspect exists df export import rm prune'
	elif [[ $cur == -* ]]; then
		_scratchfs_words '--all --at --dry-run --filter --force --help
			--json --label --output --quiet --size'
	elif [[ ${COMP_WORDS[2]} == import ]] && ((COMP_CWORD > 3)); then
		_scratchfs_files -f
	else
		_scratchfs_offer < <(scratchfs volume ls --quiet 2>/dev/null)
	fi
}

_scratchfs() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	local command=${COMP_WORDS[1]}

	COMPREPLY=()
	# bash takes "--name=" apart at "=".
	[[ $cur == = ]] && cur=
	[[ $prev == = ]] && prev=${COMP_WORDS[COMP_CWORD - 2]}
	if [[ $command == volume ]] && ((COMP_CWORD > 1)); then
		_scratchfs_volume
		return
	fi
	_scratchfs_argument "$prev" && return
	if ((COMP_CWORD == 1)) && [[ $cur != -* ]]; then
		_scratchfs_files -d
		mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -W '
			umount run list status diff explain doctor keep absorb
			audit prune volume' -- "$cur")
		return
	fi
	case $command in
	umount)
		if [[ $cur == -* ]]; then
			_scratchfs_words '--volume --lazy --dry-run --json --help'
		else
			_scratchfs_offer < <(_scratchfs_mountpoints)
		fi
		;;
	status | diff)
		if [[ $cur == -* ]]; then
			_scratchfs_words '--json --help'
		else
			_scratchfs_offer < <(_scratchfs_mountpoints)
		fi
		;;
	list | doctor | prune)
		_scratchfs_words '--json --help'
		;;
	keep | explain | absorb | audit)
		if [[ $cur == -* ]]; then
			_scratchfs_words "$_scratchfs_options --json --force"
		else
			_scratchfs_files -f
		fi
		;;
	*)
		if [[ $cur == -* ]]; then
			_scratchfs_words "$_scratchfs_options"
		else
			_scratchfs_files -d
		fi
		;;
	esac
}

complete -F _scratchfs scratchfs
