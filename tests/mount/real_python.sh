#!/bin/bash
# SPDX-License-Identifier: MIT
# Python compiles, imports and makes an environment in the view.
. "$(dirname "$0")/../lib/mount.sh"

mkdir -p "$WORK/source/package/inner"
cd "$WORK/source"
for folder in package package/inner; do
	echo "name = __name__" >"$folder/__init__.py"
	for n in 1 2 3 4 5; do echo "value = $n" >"$folder/module$n.py"; done
done
before=$(hash_tree "$WORK/source")

mount_view "$WORK/source" "$WORK/view" -s /env
cd "$WORK/view"
"$TEST_PYTHON" -m compileall -q .
assert_present package/inner/__pycache__
assert_eq "$("$TEST_PYTHON" -c 'import package.inner.module5 as m
print(m.value, "__pycache__" in m.__cached__)')" "5 True" "an import"
if "$TEST_PYTHON" -m venv --without-pip env 2>/dev/null; then
	assert_eq "$(env/bin/python -c 'import sys; print(sys.prefix)')" \
		"$WORK/view/env" "the environment's prefix"
else
	note "no venv module here"
fi
cd "$WORK"
unmount_view "$WORK/view"
assert_eq "$(hash_tree "$WORK/source")" "$before" "the source's hash"
