#!/bin/bash
# SPDX-License-Identifier: MIT
# The completions are good programs of their shells and offer what --help has:
# commands, verbs, options and values.  A shell that is not here is not asked.
. "$(dirname "$0")/lib.sh"
. tests/lib/complete.sh

if command -v shellcheck >/dev/null; then
	shellcheck contrib/completion/scratchfs.bash
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
ln -s "$SCRATCHFS" "$work/scratchfs"
PATH=$work:$PATH

tests/lib/commands.py | LC_ALL=C sort -u >"$work/options"

# LINE WORD, where ~ is the end of a line that ends with a space.
tr -s '\t' <<-'END' | sed 's/~\t/\t/' | LC_ALL=C sort -u >"$work/words"
	scratchfs um	umount
	scratchfs vol	volume
	scratchfs ~	prune
	scratchfs volume i	import
	scratchfs volume i	inspect
	scratchfs --cache s	strict
	scratchfs --io ~	passthrough
	scratchfs run --locks sh	shared
	scratchfs a b -o al	allow_other
	scratchfs a b -o bo	border_copy=
	scratchfs a b -o fr	fresh
	scratchfs run contrib -- pri	printf
END

# Without the shell's ways of writing the same: the prefix before the last comma
# or "=", and the slash behind a folder.
plain() {
	sed -E 's/\t[^\t]*[,=]([^\t=]+=?)$/\t\1/; s,/$,,'
}

for shell in $(complete_shells); do
	for lines in options words; do
		cut -f 1 "$work/$lines" | uniq | complete_lines "$shell" |
			plain | LC_ALL=C sort -u >"$work/$shell"
		# Of the options there must not be more, either.
		LC_ALL=C comm -23 "$work/$lines" "$work/$shell" |
			sed "s/^/$shell does not offer: /"
		[ "$lines" = words ] || LC_ALL=C comm -13 "$work/$lines" \
			"$work/$shell" | sed "s/^/$shell offers: /"
	done
	printf '%s\n' 'scratchfs a b -o ro,al' 'scratchfs --cache=s' \
		'scratchfs run cont' | complete_lines "$shell" | plain |
		cut -f 2 | xargs | grep -qx 'strict allow_other contrib' ||
		echo "$shell does not complete behind , or = or after run"
done 2>&1 | expect_none "completion"
