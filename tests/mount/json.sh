#!/bin/bash
# SPDX-License-Identifier: MIT
# Every --json listing has the keys that the manual shows, nested ones too.
. "$(dirname "$0")/../lib/mount.sh"

pages=$(cd "$(dirname "$0")/../../contrib/man" && pwd)
source=$WORK/source view=$WORK/view
mkdir -p "$source/logs" "$source/cache"
echo old >"$source/logs/old"
printf 'scratch: [.tmp*, logs, {glob: /cache, volume: cached}]\n' \
	>"$source/.scratchfs.yaml"
mount_view "$source" "$view" 2>/dev/null
echo new >>"$view/logs/old"
echo kept >"$view/cache/x"

listing() {
	case $1 in
	list | doctor) bounded "$SCRATCHFS" "$1" --json || : ;;
	status | diff) bounded "$SCRATCHFS" "$1" --json "$view" ;;
	explain) bounded "$SCRATCHFS" explain --json "$view/logs/old" ;;
	audit) bounded "$SCRATCHFS" audit --json "$source" || : ;;
	absorb) bounded "$SCRATCHFS" absorb --json --volume other "$source" ;;
	prune)
		mkdir -p "$XDG_STATE_HOME/scratchfs/stores/0123456789abcdef/tree"
		bounded "$SCRATCHFS" prune --json --dry-run
		;;
	ls | df | inspect)
		bounded "$SCRATCHFS" volume "$1" --json \
			"${@:2}" | cat
		;;
	esac
}

# PAGE: prints "NAME OBJECT" for each object of its JSON section.
documented() {
	sed -n '/^\.Ss JSON/,/^\.Ed/p' "$pages/$1" |
		awk '/^[a-z]/ { if (n++) printf "\n" } /^[a-z ]/ {
			sub(/ --json/, ""); sub(/^ +/, ""); printf "%s ", $0
		} END { printf "\n" }' | grep '{'
}

for page in scratchfs.1 scratchfs-volume.1; do
	while read -r name object; do
		operand=()
		[ "$name" != inspect ] || operand=(cached)
		listing "$name" "${operand[@]}" >"$WORK/json"
		"$TEST_PYTHON" - "$name" "$object" "$WORK/json" <<-'END' || fail "$name"
			import json, sys

			FREE = {"requests", "labels", "Labels"}  # keys are data

			def shape(value, key=None):
			    if isinstance(value, dict):
			        return None if key in FREE else {
			            k: shape(v, k) for k, v in sorted(value.items())}
			    if isinstance(value, list):
			        shapes = [s for s in map(shape, value) if s]
			        return max(shapes, key=lambda s: len(repr(s)), default=None)
			    return None

			name, text, path = sys.argv[1:]
			real = json.load(open(path, encoding="utf-8"))
			assert isinstance(real, list) and real, f"{name}: {real}"
			shown, real = shape(json.loads(text)), shape(real)
			assert shown == real, f"{name}: shown {shown}, real {real}"
		END
	done < <(documented "$page")
done
assert_eq "$(documented scratchfs.1 | wc -l)" 8 "listings in scratchfs(1)"
assert_eq "$(documented scratchfs-volume.1 | wc -l)" 3 "those of volumes"
unmount_view "$view"
