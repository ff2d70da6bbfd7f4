# SPDX-License-Identifier: MIT
# zsh -f complete.zsh FOLDER < LINES
#
# Prints what zsh, with the completions in the folder, offers at the end of each
# line: "LINE<tab>WORD", one a line.  Completion needs a terminal; what it offers
# goes through compadd, which writes it down here.
emulate -R zsh
zmodload zsh/zpty
OUT=$(mktemp)
trap 'zpty -d shell 2>/dev/null; rm -f $OUT $OUT.zsh $OUT.done $OUT.dump' EXIT
cat >$OUT.zsh <<-END
	fpath=(${(q)1} \$fpath)
	autoload -Uz compinit
	compinit -u -d $OUT.dump
	compadd() {
		local -a hits
		if [[ " \${@[1,(i)(-|--)]} " == *' '-[a-zA-Z]#[OAD]' '* ]]; then
			builtin compadd "\$@"
			return
		fi
		builtin compadd -A hits "\$@"
		print -rl -- \$hits >>$OUT
		builtin compadd "\$@"
	}
	finish() { BUFFER=; : >$OUT.done; }
	zle -N finish
	bindkey '^I' complete-word
	bindkey '^G' finish
	setopt extended_glob no_beep
	unsetopt list_ambiguous
	zstyle ':completion:*' insert-tab false
	PROMPT= LISTMAX=10000
	: >$OUT.done
END

await() {
	local -F deadline=$((SECONDS + 60))
	until [[ -e $OUT.done ]]; do
		((SECONDS < deadline)) || { print -u 2 "zsh: no answer to $1"; exit 1; }
		zpty -rt shell >/dev/null || sleep 0.02
	done
	rm -f $OUT.done
}

zpty -b shell env TERM=xterm ${ZSH_NAME:-zsh} -f -i
zpty -w shell "source $OUT.zsh"
await compinit
while IFS= read -r line; do
	: >$OUT
	zpty -w -n shell "$line"$'\t\x07'
	await "$line"
	sort -u $OUT | while IFS= read -r word; do
		[[ -z $word ]] || print -r -- "$line"$'\t'"$word"
	done
done
