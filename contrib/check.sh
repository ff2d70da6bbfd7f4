#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Everything that is checked before a change is taken; people and CI run the same.
#
#	contrib/check.sh [PART...]
#
# Without a part: the parts marked *, in at most a few minutes.
#
#	format *  the sources are laid out as .clang-format says
#	lint *    tests/lint
#	unit *    tests/unit, corpora of tests/fuzz, everything else without a mount
#	mount *   tests/mount (as root also what ordinary users do)
#	asan *    address and undefined behaviour sanitizers: unit and mounted tests
#	          (by default of the latter only those listed in tests/asan.list)
#	tsan *    thread sanitizer: unit tests and tests/stress
#	clang *   clang has no warning either
#	smoke *   contrib/quickstart.sh's demonstration works
#	fuzz      each program of tests/fuzz for FUZZ_SECONDS (30)
#	tidy      clang-tidy
#	uring     the mounted tests with requests travelling over io_uring
#	matrix    unit and mounted tests in Debian trixie and sid (debootstrap), or in
#	          the suites that MATRIX names
#	bench     contrib/bench
#
# What is missing is installed with apt-get, which needs root or sudo.  The last
# line is "N passed, N failed, N skipped"; the status is 0 if nothing failed.
set -u
cd "$(dirname "$0")/.." || exit

DEFAULT_PARTS=(format lint unit mount asan tsan clang smoke)
JOBS=2
PASSED=0 FAILED=0 SKIPPED=0

die() {
	printf 'check.sh: %s\n' "$*" >&2
	exit 1
}

# --- what the checks need -----------------------------------------------------

# COMMAND or pkg-config MODULE (with .pc) and the Debian package that has it.
needs() {
	cat <<-'END'
		cmake cmake
		ninja ninja-build
		gcc gcc
		pkg-config pkg-config
		git git
		python3 python3
		fusermount3 fuse3
		getfattr attr
		setfacl acl
		inotifywait inotify-tools
		useradd passwd
		stdlib.h libc6-dev
		fuse3.pc libfuse3-dev
		yaml-0.1.pc libyaml-dev
		cmocka.pc libcmocka-dev
		liburing.pc liburing-dev
		libarchive.pc libarchive-dev
	END
	case $1 in *" format "*) echo clang-format clang-format ;; esac
	case $1 in *" lint "*) echo shellcheck shellcheck ;; esac
	case $1 in *" asan "* | *" clang "* | *" fuzz "* | *" tidy "*)
		echo clang clang
		;;
	esac
	case $1 in *" mount "*)
		printf '%s\n' "podman podman" "runc runc" "busybox busybox-static" \
			"strace strace"
		;;
	esac
	case $1 in *" asan "* | *" fuzz "*)
		echo '/usr/lib/llvm-*/lib/clang/*/lib/linux/libclang_rt.asan*' \
			"libclang-rt-14-dev"
		;;
	esac
	case $1 in *" tidy "*) echo clang-tidy clang-tidy ;; esac
	case $1 in *" bench "*)
		printf '%s %s\n' bindfs bindfs mergerfs mergerfs fuse-overlayfs \
			fuse-overlayfs unionfs-fuse unionfs-fuse gnuplot gnuplot-nox
		;;
	esac
	case $1 in *" matrix "*) echo debootstrap debootstrap ;; esac
}

is_there() {
	case $1 in
	*.pc) pkg-config --exists "${1%.pc}" 2>/dev/null ;;
	*.h) [ -e "/usr/include/$1" ] ;;
	/*) compgen -G "$1" >/dev/null ;;
	*) command -v "$1" >/dev/null ;;
	esac
}

install_needs() {
	local what package root=()
	local -a missing=()
	while read -r what package; do
		is_there "$what" || missing+=("$package")
	done < <(needs " $* ")
	[ "${#missing[@]}" -gt 0 ] || return 0
	command -v apt-get >/dev/null ||
		die "please install what these Debian packages hold: ${missing[*]}"
	[ "$(id -u)" = 0 ] || root=(sudo -n)
	printf 'installing %s\n' "${missing[*]}"
	export DEBIAN_FRONTEND=noninteractive
	{ "${root[@]}" apt-get -q update && "${root[@]}" apt-get -q install -y \
		--no-install-recommends "${missing[@]}"; } >"$LOGS/apt.log" 2>&1 ||
		die "cannot install ${missing[*]}; see $LOGS/apt.log"
}

# --- building and running -------------------------------------------------------

# build FOLDER COMPILER FLAGS [CMAKE OPTION...]; assertions stay on.
build() {
	local folder=$1 compiler=$2 flags=$3
	local -a launcher=()
	shift 3
	! command -v ccache >/dev/null ||
		launcher=(-DCMAKE_C_COMPILER_LAUNCHER=ccache)
	cmake -G Ninja -S . -B "$folder" -DSFS_WERROR=ON -DSFS_TESTS=ON \
		-DCMAKE_C_COMPILER="$compiler" -DCMAKE_BUILD_TYPE=Check \
		-DCMAKE_C_FLAGS="$flags" "${launcher[@]}" "$@" >"$LOGS/cmake.out" 2>&1 || {
		cat "$LOGS/cmake.out"
		return 1
	}
	cmake --build "$folder"
}

# count OUTPUT [PREFIX]: adds what ctest printed to the totals.  A test that ran twice
# counts once, and only one with a mount may.
count() {
	local result name
	[ -e "$1" ] || return
	while read -r result name; do
		name=${2-}$name
		case $result in
		passed) PASSED=$((PASSED + 1)) PART_PASSED=$((PART_PASSED + 1)) ;;
		skipped) SKIPPED=$((SKIPPED + 1)) PART_SKIPPED="$PART_SKIPPED $name" ;;
		repeated) REPEATED="$REPEATED $name" ;;
		*) FAILED=$((FAILED + 1)) PART_FAILED="$PART_FAILED $name" ;;
		esac
	done < <(awk '
		match($0, /Test +#[0-9]+: /) {
			rest = substr($0, RSTART + RLENGTH)
			name = rest; sub(/ .*/, "", name)
			runs[name]++
			last[name] = rest ~ /\.   Passed / ? "passed" : \
				rest ~ /\*\*\*Skipped / ? "skipped" : "failed"
		}
		END {
			for (name in last) {
				again = runs[name] > 1 && last[name] == "passed"
				if (again && name ~ /^(unit|lint|fuzz)\//)
					last[name] = "failed"
				else if (again)
					print "repeated", name
				print last[name], name
			}
		}' "$1")
}

# tests FOLDER REGEX [PREFIX...]: a mounted test may fail once, because machines that are
# shared stand still at times; the summary says which did.  What a sanitizer has
# seen once counts.
tests() {
	local output=$LOGS/$PART.ctest folder=$1 regex=$2
	shift 2
	"$@" ctest --test-dir "$folder" -R "$regex" -j "$JOBS" --repeat until-pass:2 \
		--no-tests=error --output-on-failure >"$output" 2>&1
	local status=$?
	grep -v ' Passed ' "$output"
	count "$output"
	! grep -Eq '[A-Z][a-z]+Sanitizer: |: runtime error: ' "$output" || status=1
	[ -z "$PART_FAILED" ] || status=1
	return "$status"
}

# --- the parts ------------------------------------------------------------------

build_plain() {
	build build gcc "-O2 -g"
}

# Other versions lay out a few lines differently; only one can be right.
part_format() {
	clang-format --version | grep -q 'version 14\.' || return 77
	find fs include tests -name '*.[ch]' -print0 |
		xargs -0 clang-format --dry-run -Werror
}

part_lint() {
	build_plain && tests build '^lint/'
}

part_unit() {
	build_plain && tests build '^(unit|fuzz)/'
}

part_mount() {
	build_plain && tests build '^(mount|stress|oracle)/'
}

# By default only some mounted tests: under a sanitizer they take their time.
asan_tests() {
	if [ "$PARTS" = default ]; then
		grep -v '^#' tests/asan.list | paste -sd '|' |
			sed 's/^/^(unit\/.*|fuzz\/.*|/; s/$/)$/'
	else
		echo '^(unit|fuzz|mount|stress|oracle)/'
	fi
}

# With clang, because gcc's second runtime, the one for undefined behaviour, knows
# only stderr, which a daemon has not.
part_asan() {
	export ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1
	export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
	export LSAN_OPTIONS=suppressions=$PWD/tests/lsan.supp:print_suppressions=0
	build build-asan clang "-O1 -g" -DSFS_SANITIZE=address,undefined &&
		tests build-asan "$(asan_tests)"
}

part_tsan() {
	export TSAN_OPTIONS=second_deadlock_stack=1
	build build-tsan gcc "-O1 -g -Wno-tsan" -DSFS_SANITIZE=thread &&
		tests build-tsan '^(unit|stress)/' "${FIXED_ADDRESSES[@]}"
}

part_clang() {
	build build-clang clang "-O1 -g" -DCMAKE_EXPORT_COMPILE_COMMANDS=ON
}

part_tidy() {
	part_clang && find fs -name '*.c' -print0 |
		xargs -0 -n 4 -P "$JOBS" clang-tidy --quiet -p build-clang
}

part_smoke() {
	contrib/quickstart.sh
}

part_fuzz() {
	local program name corpus
	compgen -G 'tests/fuzz/fuzz_*.c' >/dev/null || return 77
	build build-fuzz clang "-O1 -g" -DSFS_FUZZ=ON \
		-DSFS_SANITIZE=fuzzer-no-link,address,undefined || return
	for program in build-fuzz/tests/fuzz_*; do
		name=${program##*/fuzz_}
		corpus=build-fuzz/corpus/$name
		mkdir -p "$corpus"
		"$program" -max_total_time="${FUZZ_SECONDS:-30}" -timeout=10 \
			-rss_limit_mb=2048 -artifact_prefix="build-fuzz/$name-" \
			"$corpus" "tests/fuzz/corpus/$name" || return
	done
}

part_uring() {
	local switch=/sys/module/fuse/parameters/enable_uring before status=0
	[ -w "$switch" ] || return 77
	before=$(cat "$switch")
	echo Y >"$switch" || return 77
	build_plain && SFS_TEST_OPTIONS=transport=uring tests build '^(mount|stress)/' ||
		status=$?
	echo "$before" >"$switch"
	return "$status"
}

part_bench() {
	[ -x contrib/bench/run.sh ] || return 77
	contrib/bench/run.sh
}

part_matrix() {
	local suite root status=0
	[ "$(id -u)" = 0 ] || return 77
	for suite in ${MATRIX:-trixie sid}; do
		root=$(mktemp -d)
		chmod 755 "$root" # it is "/" for the tests' user
		try_suite "$suite" "$root" || status=1
		rm -rf --one-file-system "$root"
	done
	return "$status"
}

# try_suite SUITE ROOT: builds and tests a copy of the sources in there.  In namespaces,
# which take with them what is left over, and where ROOT is the root, because no
# namespaces are to be had in a chroot.
try_suite() {
	local status=0
	debootstrap --variant=minbase "$1" "$2" >"$LOGS/$1.out" 2>&1 || {
		tail -n 20 "$LOGS/$1.out"
		return 1
	}
	ln -sf ../proc/self/mounts "$2/etc/mtab" # which fusermount3 reads
	# A mirror that lags behind will do.
	echo 'Acquire::Check-Valid-Until "false";' >"$2/etc/apt/apt.conf.d/90lag"
	mkdir "$2/src"
	tar -c --exclude='./build*' --exclude=./.git . | tar -x -C "$2/src"
	# shellcheck disable=SC2016 # it is the inner shell's
	unshare --mount --pid --fork --kill-child bash -c '
		mount --bind "$0" "$0" && cd "$0" &&
			mount --rbind /dev dev && mount --rbind /sys sys &&
			mount -t proc proc proc &&
			pivot_root . . && umount -l . &&
			/src/contrib/check.sh unit mount
		exit # not exec: it is "init", and bash reaps whose parent is gone
	' "$2" </dev/null || status=1
	count "$2/src/$LOGS/unit.ctest" "$1:"
	count "$2/src/$LOGS/mount.ctest" "$1:"
	return "$status"
}

# --- the whole --------------------------------------------------------------------

run_part() {
	local name=$1 log=$LOGS/$1.log start=$SECONDS status=0
	PART=$name PART_PASSED=0 PART_FAILED="" PART_SKIPPED="" REPEATED=""
	printf '%-7s ' "$name"
	"part_$name" >"$log" 2>&1 || status=$?
	if [ "$status" = 77 ]; then
		SKIPPED=$((SKIPPED + 1))
		printf 'skipped\n'
		return
	fi
	# A part that is no suite of tests counts as one; so does a failed build.
	if [ "$status" = 0 ] && [ "$PART_PASSED$PART_SKIPPED" = 0 ]; then
		PASSED=$((PASSED + 1))
	elif [ "$status" != 0 ] && [ -z "$PART_FAILED" ]; then
		FAILED=$((FAILED + 1))
	fi
	[ "$status" = 0 ] && printf 'ok' || printf 'FAILED'
	[ "$PART_PASSED" = 0 ] || printf ', %d passed' "$PART_PASSED"
	[ -z "$PART_SKIPPED" ] || printf ', skipped:%s' "$PART_SKIPPED"
	[ -z "$REPEATED" ] || printf ', passed only when repeated:%s' "$REPEATED"
	printf ' (%d s)\n' $((SECONDS - start))
	[ "$status" = 0 ] ||
		sed '/^\[[0-9]*\/[0-9]*\] [BLR]/d; s/^/    /' "$log"
}

main() {
	local part
	case ${1-} in -h | --help)
		sed -n '4,/^set/{/^set/d; s/^# \{0,1\}//; p}' "$0"
		return
		;;
	esac
	for part; do
		declare -F "part_$part" >/dev/null || die "there is no part '$part'"
	done
	PARTS=named
	if [ $# = 0 ]; then
		PARTS=default
		set -- "${DEFAULT_PARTS[@]}"
	fi
	# The thread sanitizer does not get along with much address randomization,
	# and containers may not let us ask for less.
	FIXED_ADDRESSES=(setarch --addr-no-randomize)
	"${FIXED_ADDRESSES[@]}" true 2>/dev/null || FIXED_ADDRESSES=()
	LOGS=build/check-logs
	mkdir -p "$LOGS"
	install_needs "$@"
	for part; do
		run_part "$part"
	done
	printf '%d passed, %d failed, %d skipped\n' "$PASSED" "$FAILED" "$SKIPPED"
	[ "$FAILED" = 0 ]
}

# Two runs in one checkout would disturb each other: the second one waits.
if [ -z "${SFS_CHECK_LOCKED-}" ]; then
	mkdir -p build
	SFS_CHECK_LOCKED=1 exec flock --close build/check.lock bash "$0" "$@" </dev/null
fi
unset SFS_CHECK_LOCKED
main "$@"
