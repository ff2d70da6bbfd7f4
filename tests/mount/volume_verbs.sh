#!/bin/bash
# SPDX-License-Identifier: MIT
# The verbs of `scratchfs volume`: options, columns, messages and exit statuses as
# podman has them, for root and for an ordinary user.
. "$(dirname "$0")/../lib/mount.sh"

volume() {
	timeout -k 5 60 "$SCRATCHFS" volume "$@"
}

status_of() {
	local status=0
	"$@" >/dev/null 2>"$WORK/stderr" </dev/null || status=$?
	echo "$status"
}

# --- create, ls, inspect, exists ---
assert_eq "$(volume ls)" "" "no volumes, no headings"
assert_eq "$(volume ls --json)" "[]"
assert_eq "$(volume create --label a=b --label c --size 2M v1)" v1
assert_eq "$(volume create --opt o=size=1K v2)" v2
name=$(volume create)
assert_eq "${#name}" 32 "length of a name made up"
assert_eq "$(volume rm "$name")" "$name"
assert_eq "$(status_of volume create v1)" 125 "create what exists"
assert_eq "$(volume create --ignore v1)" v1
assert_eq "$(status_of volume create Bad)" 125
assert_eq "$(status_of volume create a b)" 125
assert_eq "$(status_of volume create --driver nfs v3)" 125
assert_eq "$(status_of volume create --size lots v3)" 125
assert_eq "$(status_of volume nonsense)" 125
assert_eq "$(status_of volume lss)" 125
grep -q "did you mean 'ls'" "$WORK/stderr" || fail "no suggestion"
assert_eq "$(volume ls)" "DRIVER      VOLUME NAME
local       v1
local       v2"
assert_eq "$(volume ls -n)" "local       v1
local       v2"
assert_eq "$(volume list -q)" "v1
v2"
assert_eq "$(volume ls --format 'table {{.Name}}\t{{.Driver}}')" \
	"VOLUME NAME  DRIVER
v1           local
v2           local"
assert_eq "$(volume ls --format '{{.Name}}\t{{ .Scope }}')" "v1	local
v2	local"
assert_eq "$(status_of volume ls --format '{{.Nam}}')" 125
grep -q "{{.Name}}" "$WORK/stderr" || fail "no suggestion for a field"
assert_eq "$(volume inspect -f '{{.Labels.a}} {{index .Labels "c"}}{{.Options}}' v1)" \
	"b map[size:2097152]"
volume inspect v1 | "$TEST_PYTHON" -c '
import json, sys
(v,) = json.load(sys.stdin)
assert list(v)[:7] == ["Name", "Driver", "Mountpoint", "CreatedAt", "Labels",
                       "Scope", "Options"], v
assert v["Labels"] == {"a": "b", "c": ""}, v
assert v["Mountpoint"].endswith("/volumes/v1/tree"), v
assert v["MountCount"] == 0'
assert_eq "$(status_of volume inspect nope)" 125
assert_eq "$(volume inspect -a -f '{{.Name}}')" "v1
v2"
assert_eq "$(status_of volume exists v1)" 0
assert_eq "$(status_of volume exists nope)" 1

# --- filters ---
assert_eq "$(volume ls -q --filter label=a)" v1
assert_eq "$(volume ls -q --filter label=a=x)" ""
assert_eq "$(volume ls -q --filter label!=a)" v2
assert_eq "$(volume ls -q -f name=1 -f name=2)" "v1
v2"
assert_eq "$(volume ls -q --filter name=2 --filter label=a)" ""
assert_eq "$(volume ls -q --filter until=1h)" ""
assert_eq "$(volume ls -q --filter until=2999-01-01T00:00:00Z)" "v1
v2"
assert_eq "$(volume ls -q --filter dangling=false)" ""
assert_eq "$(status_of volume ls --filter colour=red)" 125
assert_eq "$(status_of volume ls --filter until=tomorrow)" 125

# --- df ---
tree=$(volume inspect -f '{{.Mountpoint}}' v1)
head -c 5000 /dev/zero >"$tree/file"
volume df --json v1 | "$TEST_PYTHON" -c '
import json, sys
(v,) = json.load(sys.stdin)
assert v["name"] == "v1" and v["files"] == 1 and v["links"] == 0, v
assert v["apparent_bytes"] == 5000 and v["charged_bytes"] == 8192, v
assert v["allocated_bytes"] >= 5000 and v["limit"] == 2 << 20, v'
volume df | grep -q '^v1 .* 5.0 kB' || fail "$(volume df)"
assert_eq "$(status_of volume df nope)" 125
mkdir -p "$WORK/project"
printf 'scratch: [/logs, "*.o"]\n' >"$WORK/project/.scratchfs.yaml"
volume create --label "source=$WORK/project" v4 >/dev/null
tree=$(volume inspect -f '{{.Mountpoint}}' v4)
mkdir -p "$tree/logs/deep" "$tree/src"
echo a >"$tree/logs/deep/a.o"
echo b >"$tree/src/b.o"
echo c >"$tree/other"
volume df --json v4 | "$TEST_PYTHON" -c '
import json, sys
(v,) = json.load(sys.stdin)
rules = {r["pattern"]: r["files"] for r in v["rules"]}
assert rules == {"/logs": 1, "*.o": 1, None: 1}, v'
volume df -v v4 | grep -q '^  /logs ' || fail "$(volume df -v v4)"

# --- rm, prune; a held lock says that a volume is in use ---
dir=$(dirname "$(volume inspect -f '{{.Mountpoint}}' v1)")
exec 9<"$dir/lock"
flock -s 9
assert_eq "$(status_of volume rm v1)" 2 "removing what is in use"
assert_eq "$(status_of volume rm -f v1)" 2 "forcing does not help"
assert_eq "$(volume ls -q --filter dangling=false)" v1
assert_eq "$(status_of volume import --at /x v1 /dev/null)" 125
assert_eq "$(volume prune --dry-run)" "v2
v4"
assert_eq "$(echo n | volume prune 2>/dev/null)" ""
assert_present "$dir"
assert_eq "$(echo y | volume prune --filter name=v2 2>/dev/null)" v2
assert_eq "$(volume prune -f)" v4
exec 9<&-
assert_eq "$(volume ls -q)" v1
assert_eq "$(status_of volume rm nope)" 1
assert_eq "$(status_of volume rm -f nope)" 0
assert_eq "$(status_of volume rm)" 125
assert_eq "$(volume rm -a)" v1
assert_absent "$dir"
assert_eq "$(find "$XDG_DATA_HOME/scratchfs/volumes" -mindepth 1)" "" \
	"what is left"

# --- a newer format ---
volume create old >/dev/null
echo 99 >"$XDG_DATA_HOME/scratchfs/volumes/old/format"
assert_eq "$(status_of volume inspect old)" 125
grep -q 'newer scratchfs' "$WORK/stderr" || fail "$(cat "$WORK/stderr")"

# --- an ordinary user has volumes of his own ---
assert_eq "$(as_user "$WORK/home/../bin/scratchfs" volume create mine)" mine
assert_eq "$(as_user "$WORK/bin/scratchfs" volume ls -q)" mine
assert_eq "$(as_user "$WORK/bin/scratchfs" volume rm mine)" mine

# --- prune of stores that nobody can come back to ---
store=$XDG_STATE_HOME/scratchfs/stores/0123456789abcdef
mkdir -p "$store/tree" "$store/hidden" "$store/work"
echo 1 >"$store/format"
echo data >"$store/tree/file"
exec 9>"$store/lock"
flock -x 9
assert_eq "$("$SCRATCHFS" prune)" "" "a live store"
exec 9<&-
"$SCRATCHFS" prune --dry-run | grep -q "^$store" || fail "not found"
assert_present "$store"
"$SCRATCHFS" prune --json | grep -q '"path": *"'"$store" || fail "not named"
assert_absent "$store"
assert_absent "$XDG_STATE_HOME/scratchfs/discarded"
