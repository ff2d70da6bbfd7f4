#!/bin/bash
# SPDX-License-Identifier: MIT
# The completions are good programs of their shells, and bash's completes.
. "$(dirname "$0")/lib.sh"

bash -n contrib/completion/scratchfs.bash
if command -v zsh >/dev/null; then
	zsh -n contrib/completion/_scratchfs
fi
if command -v fish >/dev/null; then
	fish --no-execute contrib/completion/scratchfs.fish
fi
if command -v shellcheck >/dev/null; then
	shellcheck contrib/completion/scratchfs.bash
fi

# shellcheck source=../../contrib/completion/scratchfs.bash
. contrib/completion/scratchfs.bash

# Prints what is offered for the last of the words.
complete_words() {
	COMP_WORDS=("$@")
	COMP_CWORD=$(($# - 1))
	_scratchfs
	printf '%s\n' "${COMPREPLY[@]}"
}

# Called as volume ls --quiet.
scratchfs() {
	printf 'first\nsecond\n'
}

expect() {
	local expected=$1
	shift
	complete_words "$@" | grep -qxF -- "$expected" ||
		echo "'$expected' is not offered for '$*'"
}

{
	expect --border-copy scratchfs --bor
	expect strict scratchfs --cache ''
	expect strict scratchfs --cache = s
	expect second scratchfs --volume s
	expect umount scratchfs um
	expect --lazy scratchfs umount --l
	expect inspect scratchfs volume i
	expect first scratchfs volume rm f
	expect ro,allow_other scratchfs a b -o ro,al
	expect contrib scratchfs run cont
	expect --json scratchfs explain --j
} 2>&1 | expect_none "completion"
