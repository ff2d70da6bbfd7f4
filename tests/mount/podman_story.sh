#!/bin/bash
# SPDX-License-Identifier: MIT
# contrib/podman: three services in real containers share one source through
# views of their own, and the host stays as it was.
. "$(dirname "$0")/../lib/mount.sh"
need git
. "$(dirname "$0")/../lib/podman.sh"

views=$WORK/views source=$WORK/project
volumes=$XDG_DATA_HOME/scratchfs/volumes
services=(snapshot gcp receiver)

up() {
	timeout -k 5 60 "$contrib/views.sh" up "$source" "$views" "$@"
}

down() {
	wait_until 60 timeout -k 5 60 "$contrib/views.sh" down "$views"
}

start() {
	timeout -k 5 60 "$contrib/services.sh" start "$views" >/dev/null
}

stop() {
	timeout -k 5 60 "$contrib/services.sh" stop >/dev/null
}

log_of() {
	echo "$volumes/$1-logs/tree/logs/$1.log"
}

# Whether a service has logged a line like this after the first N.
logged() {
	tail -n "+$((${3:-0} + 1))" "$(log_of "$1")" | grep -q "$2"
}

lines() {
	wc -l <"$(log_of "$1")"
}

all_work() {
	local name
	for name in "${services[@]}"; do
		wait_until 60 logged "$name" "round [0-9]*; the others: [0-9]* [0-9]* [0-9]*"
	done
}

host() {
	list_tree "$source" | grep -v "^'knowledge"
}

"$contrib/project.sh" "$source"
before=$(host)

note "a container started too early fails, and works when its view is there"
SERVICES="snapshot receiver" up
mkdir -p "$views/gcp/project"
start
wait_until 60 eval 'pod logs story-gcp 2>&1 | grep -q "there is no view"'
# shellcheck disable=SC2086
assert_fails pod run --rm --network none $RUN -v "$views/gcp:/srv:ro,rslave" \
	"$IMAGE" sh -c 'echo lost >/srv/project/file'
assert_eq "$(ls -A "$views/gcp/project")" "" "on the host"
up 2>/dev/null
all_work

note "each its own logs, one cache for all, and the host has none of it"
assert_eq "$(pod exec story-gcp ls /srv/project/logs)" gcp.log
assert_eq "$(pod exec story-snapshot ls /srv/project/logs)" "gcp.log
snapshot.log" "the host's own log is shown as well"
assert_eq "$(pod exec story-snapshot cat /srv/project/logs/gcp.log)" "from before"
assert_eq "$(head -n 1 "$(log_of gcp)")" "from before" "a changed copy"
pod exec story-receiver sh -c 'echo handed-over >/srv/project/.tmp/parcel'
wait_until 60 pod exec story-gcp grep -q handed-over /srv/project/.tmp/parcel
pod exec story-gcp rm /srv/project/.tmp/parcel
wait_until 60 pod exec story-receiver sh -c '! [ -e /srv/project/.tmp/parcel ]'
assert_fails pod exec story-gcp sh -c 'echo x >>/srv/project/credentials.json'
assert_eq "$(host)" "$before" "the host while they run"
grep -q "gcp has been through" "$source/knowledge/gcp.md"

note "logs can be followed from outside"
for log in "$(log_of gcp)" "$views/gcp/project/logs/gcp.log"; do
	timeout 60 tail -n 0 -F "$log" 2>/dev/null | grep -q -m 1 round ||
		fail "nothing to follow in $log"
done

note "status and list say what goes where, and how much it is"
wait_until 60 pod exec story-gcp ls /srv/project/.tmp.driveupload/gcp-9
status=$("$SCRATCHFS" status "$views/gcp/project")
grep -q "/logs -> volume gcp-logs" <<<"$status" || fail "$status"
grep -q "/.tmp.driveupload (.scratchfs.yaml:10): .* MB" <<<"$status" || fail "$status"
"$SCRATCHFS" list | grep "$views/gcp/project -> $source" | grep -q volume:gcp-logs ||
	fail "$("$SCRATCHFS" list)"

note "everything survives a restart of the containers"
n=$(lines gcp)
pod restart --time 10 story-gcp >/dev/null
wait_until 60 logged gcp "started after round [1-9]" "$n"
wait_until 60 logged gcp "round" "$((n + 1))"

note "a killed daemon: its volumes are in use still, and its view can be mended"
pod run --detach --name witness --network none --ulimit nofile=20000:20000 \
	--ulimit nproc=1000:1000 -v "$views/gcp:/srv:ro,rslave" "$IMAGE" \
	sleep 1000 >/dev/null
pod exec witness sh -c 'echo kept >/srv/project/.tmpfile'
"$SCRATCHFS" list --json >"$WORK/list"
pid=$("$TEST_PYTHON" -c 'import json, sys
for view in json.load(open(sys.argv[1])):
    if view["mountpoint"] == sys.argv[2]: print(view["pid"])' \
	"$WORK/list" "$views/gcp/project")
kill -KILL "$pid"
wait_until 60 eval '! pod exec witness ls /srv/project/execution'
assert_eq "$("$SCRATCHFS" volume prune --force)" "" "pruned while dead"
n=$(lines gcp)
up 2>/dev/null
wait_until 60 logged gcp "round" "$n"
assert_eq "$(pod exec witness cat /srv/project/.tmpfile)" kept
pod rm --force --time 0 witness >/dev/null

note "volumes: backed up while in use, not removed while in use"
"$SCRATCHFS" volume export --at /logs gcp-logs | tar -xO gcp.log >"$WORK/backup"
grep -q "round 1;" "$WORK/backup" || fail "the backup lacks the log"
assert_eq "$("$SCRATCHFS" volume prune --force)" "" "pruned"
status=0
"$SCRATCHFS" volume rm gcp-logs 2>/dev/null || status=$?
assert_eq "$status" 2 "volume rm of what is in use"

note "production: nothing reaches the host any more"
stop
down
knowledge=$(list_tree "$source/knowledge")
round=$(cat "$volumes/shared-tmp/tree/.tmp/gcp.round")
up production 2>/dev/null
start
wait_until 60 logged gcp "round $((round + 2));"
wait_until 60 test -e "$volumes/production-knowledge/tree/knowledge/gcp.md"
for path in execution/new libs/settings.sh new; do
	assert_fails pod exec story-gcp sh -c "echo x >>/srv/project/$path"
done
pod exec story-snapshot sh -c 'echo x >>/srv/project/knowledge/README.md'
stop
down
assert_eq "$(list_tree "$source/knowledge")" "$knowledge" "knowledge on the host"
assert_eq "$(host)" "$before" "the host at the end"
assert_eq "$("$SCRATCHFS" volume prune --force | sort | tr '\n' ' ')" \
	"gcp-logs production-knowledge receiver-logs shared-driveupload shared-tmp snapshot-logs "
