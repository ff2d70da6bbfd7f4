# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# What a mounted test stands on.  A test is bash with `set -eu` that sources
# this file; afterwards it has
#
#   $WORK       a folder of its own; whatever is mounted below it is unmounted,
#               whatever still runs is ended, and it is removed, when the test ends
#   $SCRATCHFS  the program
#   $TEST_USER  an unprivileged user (see as_user)
#
#   mount_view SOURCE MOUNTPOINT [OPTIONS]   mounts; makes MOUNTPOINT if missing
#   unmount_view MOUNTPOINT                  unmounts, waits for the daemon's end
#   daemon_of MOUNTPOINT                     prints the process that serves it
#   is_mounted PATH
#   as_user CMD...          as an unprivileged user with an empty environment and
#                           HOME=$WORK/home; CMD may be a function of this file
#   list_tree DIR           a line for each object: type, mode, owner, links, size,
#                           mtime, content, xattrs (other file systems below: not)
#   hash_tree DIR           the same in one word
#   assert_eq A B [WHAT], assert_absent PATH, assert_present PATH,
#   assert_fails CMD...
#   wait_until SECONDS CMD...   polls; fails the test when time is up
#   note TEXT, fail WHY, skip WHY, need CMD..., need_root
#
# Commands are bounded in time: a view that hangs fails the test, nothing else.
# A report by a sanitizer, in whatever process of the test, fails it too.
set -eu

# A test that hangs is ended with SIGTERM, so that it still cleans up.
if [ -z "${SFS_TEST_INNER-}" ]; then
	SFS_TEST_INNER=1 exec timeout -k 90 "${SFS_TEST_SECONDS:-400}" \
		bash "$0" "$@" </dev/null
fi
unset SFS_TEST_INNER

note() {
	printf '# %s\n' "$*" >&2
}

fail() {
	printf 'FAILED: %s\n' "$*" >&2
	exit 1
}

skip() {
	printf 'SKIPPED: %s\n' "$*" >&2
	exit 77
}

need() {
	local command
	for command; do
		command -v "$command" >/dev/null || skip "$command is not installed"
	done
}

need_root() {
	[ "$(id -u)" = 0 ] || skip "needs root"
}

# Functions and builtins run as they are, programs get a time limit.
bounded() {
	if [ "$(type -t "$1")" = file ]; then
		timeout -k 5 "${SFS_COMMAND_SECONDS:-120}" "$@"
	else
		"$@"
	fi
}

wait_until() {
	local deadline=$((SECONDS + $1))
	shift
	until bounded "$@" >/dev/null 2>&1; do
		[ "$SECONDS" -lt "$deadline" ] || fail "waited in vain for: $*"
		sleep 0.05
	done
}

assert_eq() {
	[ "$1" = "$2" ] || fail "${3:-values differ}: '$1' is not '$2'"
}

# Not [ -e ]: a dangling symlink is present, and an error is not absence.
assert_absent() {
	local found
	found=$(LC_ALL=C bounded stat -c %F -- "$1" 2>&1) &&
		fail "$1 exists ($found)"
	[[ $found == *"No such file"* || $found == *"Not a directory"* ]] ||
		fail "$1: $found"
}

assert_present() {
	bounded stat -c %F -- "$1" >/dev/null || fail "$1 does not exist"
}

# In a subshell, because a function of this file may end with `exit 1`.
assert_fails() {
	if (bounded "$@"); then
		fail "did not fail: $*"
	elif [ $? -ge 124 ]; then
		fail "hung or was killed: $*"
	fi
}

list_tree() {
	timeout -k 5 120 "$TEST_PYTHON" - "$1" <<'PYTHON'
import hashlib, os, stat, sys

root = os.fsencode(sys.argv[1])
device = os.lstat(root).st_dev


def content(path, st):
    if stat.S_ISLNK(st.st_mode):
        return os.readlink(path).hex()
    if not stat.S_ISREG(st.st_mode):
        return format(st.st_rdev, "x")
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()[:32]


def xattrs(path):
    names = sorted(os.listxattr(path, follow_symlinks=False))
    return ",".join("%s=%s" % (name, os.getxattr(
        path, name, follow_symlinks=False).hex()) for name in names)


def line(path):
    st = os.lstat(path)
    size = 0 if stat.S_ISDIR(st.st_mode) else st.st_size
    name = os.path.relpath(path, root).decode("utf-8", "backslashreplace")
    print(repr(name), oct(st.st_mode), "%d:%d" % (st.st_uid, st.st_gid),
          st.st_nlink, size, st.st_mtime_ns, content(path, st), xattrs(path))
    return st


def walk(path):
    st = line(path)
    if stat.S_ISDIR(st.st_mode) and st.st_dev == device:
        for name in sorted(os.listdir(path)):
            walk(os.path.join(path, name))


walk(root)
PYTHON
}

hash_tree() {
	local listing
	listing=$(list_tree "$1") || fail "cannot read all of $1"
	printf '%s\n' "$listing" | sha256sum | cut -d' ' -f1
}

# --- mounts -----------------------------------------------------------------

# The last component is not followed: on a dead mount even stat fails.
absolute() {
	local parent
	parent=$(cd -- "$(dirname -- "$1")" && pwd -P)
	printf '%s/%s\n' "${parent%/}" "$(basename -- "$1")"
}

# Mount points at or below a folder, the last mounted first.  Not read by bash
# itself: that seeks back in it, where other mounts that come and go move lines.
mounts_below() {
	local path
	while read -r _ _ _ _ path _; do
		printf -v path %b "$path"
		case $path in "$1" | "$1"/*) printf '%s\n' "$path" ;; esac
	done < <(cat /proc/self/mountinfo) | tac
}

is_mounted() {
	local path
	path=$(absolute "$1")
	mounts_below "$path" | grep -Fxq -- "$path"
}

# Every process that inherited this test's environment.  (This shell did not:
# the variable was exported after its start.)
marked_pids() {
	grep -lzFx -- "SFS_TEST_WORK=$WORK" /proc/[0-9]*/environ 2>/dev/null |
		tr -cd '0-9\n' || :
}

is_daemon() {
	case $(readlink "/proc/$1/exe" 2>/dev/null) in
	"$SCRATCHFS" | "$WORK/bin/scratchfs") return 0 ;;
	esac
	return 1
}

daemon_pids() {
	local pid
	for pid in $(marked_pids); do
		if is_daemon "$pid"; then printf '%s\n' "$pid"; fi
	done
}

# Where mount_view writes down who serves a mount point.
record_of() {
	printf '%s/.test/%s\n' "$WORK" "$(absolute "$1" | sha256sum | cut -c1-16)"
}

daemon_of() {
	cat "$(record_of "$1")"
}

mount_view() {
	local source=$1 mountpoint=$2 before pid
	shift 2
	[ -d "$mountpoint" ] || is_mounted "$mountpoint" || mkdir -p "$mountpoint"
	before=" $(daemon_pids | tr '\n' ' ')"
	timeout -k 5 60 "$SCRATCHFS" ${SFS_TEST_OPTIONS:+-o "$SFS_TEST_OPTIONS"} \
		"$@" "$source" "$mountpoint" ||
		fail "mounting $source on $mountpoint: exit $?"
	is_mounted "$mountpoint" || fail "$mountpoint is not mounted"
	for pid in $(daemon_pids); do
		case $before in *" $pid "*) ;; *) echo "$pid" ;; esac
	done >"$(record_of "$mountpoint")"
}

# A process that is ending has no program any more before it gives its files, and
# with them its locks and its mount, back; a leader waits for its other threads.
process_ended() {
	local threads
	if is_daemon "$1"; then
		return 1
	elif readlink "/proc/$1/exe" >/dev/null 2>&1; then
		return 0
	elif grep -q '^State:.*Z' "/proc/$1/status" 2>/dev/null; then
		threads=$(ls "/proc/$1/task" 2>/dev/null) || return 0
		[ "$threads" = "$1" ]
	else
		[ ! -e "/proc/$1" ]
	fi
}

# Not busy for long: whoever looks at all mounts of the machine (scratchfs doctor
# in another test) holds this one for a moment.
unmounts() {
	if [ "$(id -u)" = 0 ]; then
		timeout -k 5 60 umount "$1"
	else
		timeout -k 5 60 fusermount3 -u "$1"
	fi 2>"$WORK/.test/unmount.$(id -u)"
}

# Processes with a mount of this test in a namespace that is not ours, as somebody
# else on this machine may have made one while it stood: there it stays, and with
# it its daemon.
keepers() {
	local info
	grep -l -- " fuse.scratchfs $WORK/" /proc/[0-9]*/mountinfo 2>/dev/null |
		while read -r info; do
			[ "${info%/*}/ns/mnt" -ef /proc/self/ns/mnt ] ||
				printf '%s\n' "$(basename "${info%/*}")"
		done || :
}

await_end() {
	local deadline=$((SECONDS + 60))
	until process_ended "$1"; do
		[ "$SECONDS" -lt "$deadline" ] ||
			{ [ -n "$(keepers)" ] &&
				[ "$SECONDS" -lt $((deadline + 200)) ]; } ||
			fail "waited in vain for the end of $1"
		sleep 0.05
	done
}

unmount_view() {
	local pid
	wait_until 60 unmounts "$1" || fail "unmounting $1: $(cat "$WORK/.test/unmount.$(id -u)")"
	for pid in $(daemon_of "$1" 2>/dev/null); do
		await_end "$pid"
	done
}

# --- the unprivileged user ---------------------------------------------------

make_test_user() {
	id -u "$TEST_USER" >/dev/null 2>&1 ||
		flock /tmp sh -c "id -u $TEST_USER >/dev/null 2>&1 ||
		useradd --system --no-create-home --shell /bin/sh $TEST_USER" ||
		skip "cannot make the user $TEST_USER"
	[ ! -c /dev/fuse ] || [ "$(stat -c %a /dev/fuse)" = 666 ] ||
		chmod 666 /dev/fuse
	mkdir -p "$WORK/home" "$WORK/bin"
	cp -- "$SCRATCHFS" "$WORK/bin/scratchfs"
	chmod 755 "$WORK/bin/scratchfs"
	mkdir -p "$WORK/home/run"
	chmod 700 "$WORK/home" "$WORK/home/run"
	chown -R "$TEST_USER:" "$WORK/home"
}

as_user() {
	local -a run=(bounded)
	[ -d "$WORK/home/run" ] || make_test_user
	[ "$(id -u)" != 0 ] || run=(setpriv --reuid="$TEST_USER"
		--regid="$TEST_USER" --init-groups)
	# shellcheck disable=SC2016
	bounded "${run[@]}" env -i "HOME=$WORK/home" "USER=$TEST_USER" \
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" \
		LC_ALL=C.UTF-8 "WORK=$WORK" "SFS_TEST_WORK=$WORK" \
		"SCRATCHFS=$WORK/bin/scratchfs" "TEST_USER=$TEST_USER" \
		"TEST_PYTHON=$TEST_PYTHON" "SFS_TEST_OPTIONS=${SFS_TEST_OPTIONS-}" \
		"XDG_STATE_HOME=$WORK/home/state" "XDG_DATA_HOME=$WORK/home/data" \
		"XDG_RUNTIME_DIR=$WORK/home/run" \
		"ASAN_OPTIONS=$ASAN_OPTIONS" "UBSAN_OPTIONS=$UBSAN_OPTIONS" \
		"TSAN_OPTIONS=$TSAN_OPTIONS" "LSAN_OPTIONS=$LSAN_OPTIONS" \
		bash -c "set -eu; $(declare -f)"'; umask 022; "$@"' as_user "$@"
}

# --- beginning and end -------------------------------------------------------

end_processes() {
	local pid
	for pid in $(marked_pids); do
		is_daemon "$pid" || kill -"$1" "$pid" 2>/dev/null || :
	done
}

unmount_all() {
	local path
	mounts_below "$WORK" | while read -r path; do
		timeout -k 5 20 umount -l "$path" 2>/dev/null ||
			timeout -k 5 20 fusermount3 -uz "$path" || :
	done
}

# A daemon that is still there long after its last mount is gone is a failure.
await_daemons() {
	local deadline=$((SECONDS + 30)) pids keepers
	while pids=$(daemon_pids) && [ -n "$pids" ]; do
		if [ "$SECONDS" -ge "$deadline" ]; then
			keepers=$(keepers)
			note "still running after unmounting:" "$pids" \
				"${keepers:+ (kept by the namespaces of: $keepers)}"
			# shellcheck disable=SC2086
			kill -KILL $pids 2>/dev/null || :
			[ -n "$keepers" ]
			return
		fi
		sleep 0.05
	done
}

cleanup() {
	local status=$? report
	trap - EXIT
	trap '' INT TERM
	set +e
	cd /
	# What the test has open in a view: it would be in use for ever.
	exec 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-
	end_processes TERM
	unmount_all
	end_processes KILL
	await_daemons || [ "$status" -ne 0 ] || status=1
	for report in "$WORK"/.test/sanitizer.*; do
		[ -s "$report" ] || continue
		cat -- "$report" >&2
		status=1
	done
	timeout -k 5 60 rm -rf --one-file-system -- "$WORK"
	exit "$status"
}

[ -n "${SCRATCHFS-}" ] || fail "SCRATCHFS does not name the program to test"
SCRATCHFS=$(readlink -f -- "$SCRATCHFS")
[ -x "$SCRATCHFS" ] || fail "$SCRATCHFS is not a program"
[ -e /dev/fuse ] || skip "there is no /dev/fuse"

WORK=$(mktemp -d "${TMPDIR:-/tmp}/scratchfs-test.XXXXXX")
WORK=$(cd "$WORK" && pwd -P)
trap cleanup EXIT
trap 'exit 130' INT
trap 'fail "took too long"' TERM
chmod 755 "$WORK"
mkdir -p "$WORK/.test" "$WORK/state" "$WORK/data" "$WORK/run"
chmod 1777 "$WORK/.test"
chmod 700 "$WORK/run"

# The system's python first: the test user may not be able to run another.
TEST_PYTHON=/usr/bin/python3
[ -x "$TEST_PYTHON" ] || TEST_PYTHON=$(command -v python3) ||
	skip "python3 is not installed"

TEST_USER=sfs-test
[ "$(id -u)" = 0 ] || TEST_USER=$(id -un)

report=log_path=$WORK/.test/sanitizer
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}$report"
export UBSAN_OPTIONS="${UBSAN_OPTIONS:+$UBSAN_OPTIONS:}$report:print_stacktrace=1"
export TSAN_OPTIONS="${TSAN_OPTIONS:+$TSAN_OPTIONS:}$report"
export LSAN_OPTIONS="${LSAN_OPTIONS:-}"
export SFS_TEST_WORK=$WORK WORK SCRATCHFS TEST_USER TEST_PYTHON
export XDG_STATE_HOME=$WORK/state XDG_DATA_HOME=$WORK/data
export XDG_RUNTIME_DIR=$WORK/run
umask 022
