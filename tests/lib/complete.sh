# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# What the completions offer, asked of the shells themselves.

COMPLETIONS=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../contrib/completion" && pwd)
COMPLETE_ZSH=$(dirname "${BASH_SOURCE[0]}")/complete.zsh

complete_bash() {
	local line word
	set +eu # as in a shell that somebody types in
	# shellcheck source=../../contrib/completion/scratchfs.bash
	. "$COMPLETIONS/scratchfs.bash"
	while IFS= read -r line; do
		# As bash takes words apart.
		read -ra COMP_WORDS <<<"${line//=/ = }"
		[[ $line != *[\ =] ]] || COMP_WORDS+=('')
		COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
		_scratchfs
		for word in "${COMPREPLY[@]}"; do
			printf '%s\t%s\n' "$line" "$word"
		done
	done
}

complete_fish() {
	fish --no-config -c "source $COMPLETIONS/scratchfs.fish
		while read -l line
			for word in (complete -C \$line | string replace -r '\t.*' '')
				printf '%s\t%s\n' \$line \$word
			end
		end"
}

complete_zsh() {
	zsh -f "$COMPLETE_ZSH" "$COMPLETIONS"
}

# Prints the shells that are here.
complete_shells() {
	local shell
	for shell in bash zsh fish; do
		! command -v "$shell" >/dev/null || printf '%s\n' "$shell"
	done
}

# complete_lines SHELL <LINES: "LINE<tab>WORD" for each word that is offered at
# the end of a line.  scratchfs has to be found in PATH.
complete_lines() {
	"complete_$1" | LC_ALL=C sort -u
}
