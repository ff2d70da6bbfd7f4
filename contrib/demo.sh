#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Shows what scratchfs does, with a small project in a temporary folder.
#
#	contrib/demo.sh PROGRAM
#
# Nothing is left behind.  The status is 0 if the host stayed as clean as it
# should; 77 if nothing can be mounted here.
set -eu

SCRATCHFS=$1

title() {
	printf '\n%s\n' "$*"
}

show() {
	sed 's/^/    /'
}

wrong() {
	printf 'demo: %s\n' "$*" >&2
	exit 1
}

cleanup() {
	cd /
	! grep -q " $TOP/view " /proc/self/mountinfo ||
		fusermount3 -uz "$TOP/view"
	rm -rf -- "$TOP"
}

make_project() {
	mkdir -p "$HOST/src" "$HOST/logs"
	cd "$HOST"
	printf 'int main(void)\n{\n\treturn 0;\n}\n' >src/main.c
	printf 'def greet():\n    return "hello"\n' >src/greet.py
	printf '{"level": 1}\n' >config.json
	printf 'app: src/main.c\n\tcc -o $@ src/main.c\n' >Makefile
	printf 'a line from last year\n' >logs/old.log
	command -v git >/dev/null || return 0
	printf '__pycache__/\n.tmp*\nlogs/\n/app\n' >.gitignore
	git init -q .
	git add .
	git -c user.name=demo -c user.email=demo@example.org commit -qm "begin"
}

# What tools do all day: build, compile, log, save by renaming.
work() {
	make
	! command -v python3 >/dev/null || python3 -m compileall -q src
	echo "a new line" >>logs/old.log
	echo "started" >logs/run.log
	mkdir .tmp-upload
	head -c 100000 /dev/zero >.tmp-upload/part1
	printf '{"level": 2}\n' >.tmpXXXX
	mv .tmpXXXX config.json
}

list() {
	(cd "$1" && find . -path ./.git -prune -o -type f -print | LC_ALL=C sort)
}

# Every file of the view, and where it lives.
places() {
	list "$VIEW" | while read -r file; do
		if [ ! -e "$HOST/$file" ]; then
			printf 'scratch  %s\n' "$file"
		elif cmp -s "$VIEW/$file" "$HOST/$file"; then
			printf 'host     %s\n' "$file"
		else
			printf 'scratch  %s  (changed; the host keeps its own)\n' "$file"
		fi
	done
}

unmount() {
	local deadline=$((SECONDS + 30))
	"$SCRATCHFS" umount "$VIEW"
	# The store goes with the daemon, a moment after the mount.
	until [ -z "$(find "$XDG_STATE_HOME" -type f -name 'part1')" ]; do
		[ "$SECONDS" -lt "$deadline" ] || wrong "the store is still there"
		sleep 0.1
	done
}

[ -e /dev/fuse ] || {
	echo "demo: there is no /dev/fuse here (in a container, add --device /dev/fuse)" >&2
	exit 77
}
TOP=$(mktemp -d)
trap cleanup EXIT
HOST=$TOP/project VIEW=$TOP/view
export XDG_STATE_HOME=$TOP/state XDG_DATA_HOME=$TOP/data
mkdir -p "$VIEW" "$XDG_STATE_HOME"

make_project
title "A project on the host:"
list "$HOST" | show

"$SCRATCHFS" --scratch /app "$HOST" "$VIEW"
cd "$VIEW"
title "Mounted: scratchfs --scratch /app project view.  Then, in the view:"
echo "make; python3 -m compileall src; some logging; an upload; a saved file" | show
work >/dev/null

title "Where everything lives now:"
places | show
thrown_away=$(places | sed -n 's/^scratch  //p')

cd "$TOP"
unmount
title "Unmounted; this was thrown away:"
printf '%s\n' "$thrown_away" | show
title "The project on the host, with the file that was saved:"
list "$HOST" | show

[ "$(cat "$HOST/config.json")" = '{"level": 2}' ] || wrong "config.json is not saved"
[ "$(cat "$HOST/logs/old.log")" = "a line from last year" ] ||
	wrong "logs/old.log was changed on the host"
left=$(find "$HOST" -name '.tmp*' -o -name __pycache__ -o -name app -o -name run.log)
[ -z "$left" ] || wrong "left on the host: $left"
