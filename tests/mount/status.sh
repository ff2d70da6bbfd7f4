#!/bin/bash
# SPDX-License-Identifier: MIT
# `list` shows what is mounted where, `status` what it holds and costs.
. "$(dirname "$0")/../lib/mount.sh"
. "$(dirname "$0")/../lib/views.sh"

mkdir -p "$WORK/source/gone" "$WORK/source/src/logs"
echo host >"$WORK/source/src/logs/old"
view=$WORK/view
printf 'scratch: [.tmp*, logs, {glob: /cache, volume: cached}]\n' \
	>"$WORK/source/.scratchfs.yaml"
mount_view "$WORK/source" "$view" 2>/dev/null
head -c 5000 /dev/zero >"$view/.tmp1"
head -c 100 /dev/zero >"$view/src/logs/new"
echo changed >"$view/src/logs/old"
mkdir "$view/gone/logs" "$view/cache"
head -c 10 /dev/zero >"$view/gone/logs/x"
head -c 20 /dev/zero >"$view/cache/x"

# COMMAND EXPRESSION: of the object that --json gives for our view.
check() {
	bounded "$SCRATCHFS" "$1" --json | "$TEST_PYTHON" -c '
import json, os, sys
view = os.environ["WORK"] + "/view"
source = os.environ["WORK"] + "/source"
it, = (it for it in json.load(sys.stdin) if it["mountpoint"] == view)
rules = {rule["pattern"]: rule for rule in it.get("rules", [])}
assert eval(sys.argv[1]), json.dumps(it, indent=1)
' "$2" || fail "$1: $2"
}

check list 'it["source"] == source and it["state"] == "live"'
check list 'os.path.getsize(it["store"] + "/tree/.tmp1") == 5000'
check list 'it["volumes"] == ["cached"]'
check status 'it["source"] == source'
check status 'it["transport"] in ("dev", "uring") and it["io"] and it["cache"]'
check status 'it["watch"] == "fanotify"'
check status 'it["requests"]["write"] >= 5 and it["requests"]["mkdir"] == 2'
check status '[store["volume"] for store in it["stores"]] == [None, "cached"]'
check status 'it["stores"][1]["destination"] == ["/cache"]'
check status 'rules[".tmp*"]["bytes"] == 5000 and rules[".tmp*"]["files"] == 1'
check status 'rules["logs"]["files"] == 3'
check status 'rules["logs"]["biggest"][0] == {"path": "src/logs/new", "bytes": 100}'
check status 'rules["/cache"]["bytes"] == 20'
check status 'it["orphans"] == 0 and it["changed_rule_files"] == []'

# The host's folder goes: what was in it stays, as an orphan, and returns.
rmdir "$WORK/source/gone"
check status 'it["orphans"] > 0 and rules["logs"]["files"] == 2'
mkdir "$WORK/source/gone"
check status 'it["orphans"] == 0'
assert_present "$view/gone/logs/x"

echo '# changed' >>"$WORK/source/.scratchfs.yaml"
check status 'it["changed_rule_files"] == [".scratchfs.yaml"]'

said=$(bounded "$SCRATCHFS" status "$view/src")
for word in "$WORK/source on $view" "volume cached" "src/logs/new (100 B)" \
	"transport " "requests" ".scratchfs.yaml, after"; do
	[[ $said == *"$word"* ]] || fail "status says nothing of: $word ($said)"
done
said=$(bounded "$SCRATCHFS" list)
[[ $said == *"live     $view -> $WORK/source -> "* ]] || fail "list: $said"
assert_eq "$(getfattr --only-values -n user.scratchfs.status "$view" |
	"$TEST_PYTHON" -c 'import json,sys; print(json.load(sys.stdin)["source"])')" \
	"$WORK/source" "the attribute of the root"

kill_daemon "$view"
check list 'it["state"] == "dead" and it["pid"] is None'
assert_fails "$SCRATCHFS" status "$view"
