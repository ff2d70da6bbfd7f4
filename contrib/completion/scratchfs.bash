# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Completion of scratchfs for bash.  What options there are, --help says.

# The mount points of scratchfs, one a line; \040 and its kin are undone.
_scratchfs_mountpoints() {
	local line
	while read -r line; do
		printf '%b\n' "${line//\\/\\0}"
	done < <(awk '/ - fuse\.scratchfs / { print $5 }' /proc/self/mountinfo)
}

_scratchfs_volumes() {
	scratchfs volume ls --quiet 2>/dev/null
}

# The --help of [COMMAND [VERB]]; where that says so, a mount's comes with it.
_scratchfs_help() {
	local text
	text=$(scratchfs "$@" --help 2>/dev/null)
	printf '%s\n' "$text"
	[[ $text != *'those of a mount'* ]] || scratchfs --help 2>/dev/null
}

# The options of a --help on standard input, long ones and -o.
_scratchfs_options() {
	sed -n -e 's/^  -h, .* \(--version\)$/\1/p' \
		-e 's/^ *\(-[a-zA-Z], \)\{0,1\}\(--[a-z][a-z-]*\).*/\2/p' \
		-e 's/^ *\(-o\) [A-Z].*/\1/p'
	printf '%s\n' --help
}

# The words of -o that --help has: those of the lines below it, and the long
# options, with "=" where they take a value.
_scratchfs_mount_options() {
	scratchfs --help 2>/dev/null | sed -n -e '/^  -o /,/^  -h/s/^    //p' \
		-e 's/^ *\(-[a-zA-Z], \)\{0,1\}--\([a-z-]*\) [A-Za-z].*/\2=/p' \
		-e 's/^ *\(-[a-zA-Z], \)\{0,1\}--\([a-z-]*\)  .*/\2/p' |
		sed -e '/^help$/d' -e 's/-/_/g'
}

# The values of an option, where --help lists them.
_scratchfs_values() {
	scratchfs --help 2>/dev/null |
		sed -n "s/^ *$1 \([a-z]*|[a-z|]*\).*/\1/p" | tr '|' '\n'
}

# Offers the words on standard input that begin with what was typed.
_scratchfs_offer() {
	local word
	COMPREPLY=()
	while IFS= read -r word; do
		[[ $word != "$cur"* ]] ||
			COMPREPLY+=("$(printf '%q' "$word")")
	done
	return 0
}

_scratchfs_files() {
	compopt -o filenames 2>/dev/null
	mapfile -t COMPREPLY < <(compgen "$1" -- "$cur")
}

# The argument of the option before the cursor; fails if it takes none.
_scratchfs_argument() {
	case $1 in
	--volume) _scratchfs_offer < <(_scratchfs_volumes) ;;
	-c | --config | --output) _scratchfs_files -f ;;
	--store | --source) _scratchfs_files -d ;;
	--cache | --io | --transport | --locks | --events)
		_scratchfs_offer < <(_scratchfs_values "$1")
		;;
	-o)
		if [[ $command != volume ]]; then
			_scratchfs_list
		elif [[ ${words[2]} == export ]]; then
			_scratchfs_files -f
		fi
		;;
	-s | --scratch | -r | --readonly | -p | --profile | --size | \
		--border-copy | --at | --filter | --format | --label | --opt | \
		--driver | --time) ;;
	*) return 1 ;;
	esac
}

# The last word of a list of mount options.
_scratchfs_list() {
	local before=
	[[ $cur == *,* ]] && before=${cur%,*},
	compopt -o nospace 2>/dev/null
	mapfile -t COMPREPLY < <(compgen -P "$before" \
		-W "$(_scratchfs_mount_options)" -- "${cur##*,}")
}

# scratchfs volume VERB ...: fails where there is nothing to offer.
_scratchfs_volume() {
	if ((COMP_CWORD == 2)); then
		_scratchfs_offer < <(scratchfs volume --help 2>/dev/null |
			sed -n 's/^  \([a-z]*\) .*/\1/p')
	elif [[ ${words[2]} == import ]] && ((COMP_CWORD > 3)); then
		_scratchfs_files -f
	elif [[ ${words[2]} != create ]]; then
		_scratchfs_offer < <(_scratchfs_volumes)
	fi
}

_scratchfs_commands() {
	scratchfs --help 2>/dev/null |
		sed -n '/COMMAND being/,/^  -/s/^    \([a-z]\)/\1/p' | tr ' ' '\n'
}

# The command line's first word is a folder, or a command.
_scratchfs_first() {
	local -a commands
	_scratchfs_offer < <(_scratchfs_commands)
	commands=("${COMPREPLY[@]}")
	_scratchfs_files -d
	COMPREPLY+=("${commands[@]}")
}

# The place of the command in run SOURCE COMMAND, or nothing: behind the first
# word that is a folder, and "--".
_scratchfs_run_command() {
	local i
	for ((i = 2; i < COMP_CWORD; i++)); do
		[[ -d ${words[i]/#\~/$HOME} ]] || continue
		[[ ${words[i + 1]} != -- ]] || ((i++))
		((COMP_CWORD <= i)) || printf '%s\n' $((i + 1))
		return
	done
}

# What comes behind run SOURCE is that command's business.
_scratchfs_inner() {
	if declare -F _command_offset >/dev/null; then
		_command_offset "$1"
	elif ((COMP_CWORD == $1)); then
		mapfile -t COMPREPLY < <(compgen -c -- "$cur")
	else
		_scratchfs_files -f
	fi
}

_scratchfs_operand() {
	case $command in
	volume) _scratchfs_volume ;;
	umount | status | diff) _scratchfs_offer < <(_scratchfs_mountpoints) ;;
	list | doctor | prune) ;;
	keep | explain) _scratchfs_files -f ;;
	*) _scratchfs_files -d ;;
	esac
}

_scratchfs() {
	local -a words=("${COMP_WORDS[@]}") at=()
	local cur=${words[COMP_CWORD]} prev=${words[COMP_CWORD - 1]}
	local command inner=

	COMPREPLY=()
	# bash takes "--name=" apart at "=".
	[[ $cur == = ]] && cur=
	[[ $prev == = ]] && prev=${words[COMP_CWORD - 2]}
	command=$(_scratchfs_commands | grep -xF -- "${words[1]}")
	((COMP_CWORD == 1)) && command=
	[[ $command ]] && at=("$command")
	[[ $command == volume ]] && ((COMP_CWORD > 2)) && at+=("${words[2]}")
	[[ $command == run ]] && inner=$(_scratchfs_run_command)

	if [[ $inner ]]; then
		_scratchfs_inner "$inner"
	elif _scratchfs_argument "$prev"; then
		: # done
	elif [[ $cur == -* ]]; then
		_scratchfs_offer < <(_scratchfs_help "${at[@]}" |
			_scratchfs_options | LC_ALL=C sort -u)
	elif ((COMP_CWORD == 1)); then
		_scratchfs_first
	else
		_scratchfs_operand
	fi
}

complete -F _scratchfs scratchfs
