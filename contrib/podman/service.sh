#!/bin/sh
# SPDX-License-Identifier: MIT
#
# execution/service.sh of the project, what each of the containers runs:
#
#	sh execution/service.sh NAME
#
# A round a second: it logs, caches an upload, tells the others how far it is,
# and saves what it knows.  It needs nothing but a small shell.
set -eu

NAME=$1

say() {
	echo "$(date '+%F %T') $NAME: $*" >>"logs/$NAME.log"
}

# As programs save: written beside, renamed into place.
save() {
	cat >".tmp/$NAME.$$"
	mv ".tmp/$NAME.$$" "$1"
}

round() {
	head -c 50000 /dev/zero >".tmp.driveupload/$NAME-$(($1 % 10))"
	echo "$1" | save ".tmp/$NAME.round"
	echo "$NAME has been through $1 rounds." | save "knowledge/$NAME.md"
	say "round $1; the others: $(cat .tmp/*.round | tr '\n' ' ')"
}

trap 'say stopped; exit 0' TERM INT
# shellcheck disable=SC1091
. libs/settings.sh
mkdir -p logs .tmp .tmp.driveupload libs/__pycache__
echo "compiled for $NAME" >libs/__pycache__/settings.pyc
n=$(cat ".tmp/$NAME.round" 2>/dev/null || echo 0)
say "started after round $n, level $LEVEL"
while :; do
	n=$((n + 1))
	round "$n"
	sleep "$PAUSE" &
	wait $!
done
