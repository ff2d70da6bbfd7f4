#!/bin/bash
# SPDX-License-Identifier: MIT
#
# From a checkout to a mounted view.
#
#	contrib/quickstart.sh SOURCE MOUNTPOINT   install, then mount
#	contrib/quickstart.sh                     build, then show a sample project
#	contrib/quickstart.sh --uring [...]       let the kernel use io_uring for FUSE
#	contrib/quickstart.sh --uninstall         undo all of it
#
# What the build needs is installed first, with apt-get.  Only single steps run
# as root, with sudo; the build and the mount are yours.  Installed files go to
# /usr/local (or PREFIX) and are written down in share/scratchfs/installed there,
# so that --uninstall removes these and no others.
set -eu

PREFIX=${PREFIX:-/usr/local}
RECORD=$PREFIX/share/scratchfs/installed
PROJECT=$(cd "$(dirname "$0")/.." && pwd -P)
BUILD=$PROJECT/build-release
SWITCH=/sys/module/fuse/parameters/enable_uring
BOOT_FILES=(/etc/modprobe.d/scratchfs-uring.conf
	/etc/tmpfiles.d/scratchfs-uring.conf)
NEW_PACKAGES=()

say() {
	printf '%s\n' "$*"
}

die() {
	printf 'quickstart: %s\n' "$*" >&2
	exit 1
}

usage() {
	sed -n '4,/^# What/{/^# What/d; s/^# \{0,1\}//; p}' "$0"
}

as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		die "this needs root, and there is no sudo: $*"
	fi
}

# --- what the build needs -------------------------------------------------------

# A program, a header, or a library as pkg-config knows it; its Debian package.
needs() {
	cat <<-'END'
		gcc gcc
		cmake cmake
		ninja ninja-build
		make make
		pkg-config pkg-config
		fusermount3 fuse3
		stdlib.h libc6-dev
		fuse3.pc libfuse3-dev
		yaml-0.1.pc libyaml-dev
		liburing.pc liburing-dev
		libarchive.pc libarchive-dev
	END
}

is_there() {
	case $1 in
	*.pc) pkg-config --exists "${1%.pc}" 2>/dev/null ;;
	*.h) [ -e "/usr/include/$1" ] ;;
	*) command -v "$1" >/dev/null || [ -x "/usr/sbin/$1" ] ;;
	esac
}

install_needs() {
	local what package
	while read -r what package; do
		is_there "$what" || NEW_PACKAGES+=("$package")
	done < <(needs)
	[ "${#NEW_PACKAGES[@]}" -gt 0 ] || return 0
	command -v apt-get >/dev/null || die "these are missing, by their Debian" \
		"names: ${NEW_PACKAGES[*]}
Fedora:  sudo dnf install gcc cmake ninja-build pkgconf fuse3 fuse3-devel libyaml-devel liburing-devel libarchive-devel
Arch:    sudo pacman -S --needed gcc cmake ninja pkgconf fuse3 libyaml liburing libarchive
Then start this script again."
	say "Installing ${NEW_PACKAGES[*]}"
	apt_get update && apt_get install -y --no-install-recommends \
		"${NEW_PACKAGES[@]}" && return
	die "apt-get could not install these packages; its message is above"
}

apt_get() {
	as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq "$@" </dev/null \
		>/dev/null
}

# --- building, installing, uninstalling -------------------------------------------

build() {
	local log
	mkdir -p "$BUILD" || exit
	[ -w "$BUILD" ] || die "$BUILD is not yours to write; remove it first"
	log=$BUILD/quickstart.log
	say "Building in $BUILD"
	{ cmake -G Ninja -S "$PROJECT" -B "$BUILD" -DCMAKE_BUILD_TYPE=Release \
		-DCMAKE_INSTALL_PREFIX="$PREFIX" && cmake --build "$BUILD"; } \
		>"$log" 2>&1 || {
		tail -n 30 "$log" >&2
		die "the build failed; all of its output is in $log"
	}
}

# What an installation would add: files, then folders that are not there yet
# (ending in a slash, innermost first), then packages.
list_additions() {
	local stage path
	stage=$(mktemp -d)
	DESTDIR=$stage cmake --install "$BUILD" >/dev/null
	(cd "$stage" && find . ! -type d) | sed 's|^\.||'
	say "$RECORD"
	mkdir -p "$stage${RECORD%/*}"
	(cd "$stage" && find . -mindepth 1 -depth -type d) | sed 's|^\.||' |
		while read -r path; do
			[ -d "$path" ] || say "$path/"
		done
	[ "${#NEW_PACKAGES[@]}" = 0 ] || printf 'package %s\n' "${NEW_PACKAGES[@]}"
	rm -rf "$stage"
}

install_program() {
	local additions
	additions=$(list_additions)
	say "Installing to $PREFIX"
	as_root cmake --install "$BUILD" >/dev/null ||
		die "could not install to $PREFIX"
	as_root rm -f "$BUILD/install_manifest.txt" # or the next build cannot
	as_root mkdir -p "${RECORD%/*}"
	# What an earlier version installed stays on the record.
	{
		say "$additions"
		[ ! -e "$RECORD" ] || cat "$RECORD"
	} | awk '!seen[$0]++' | as_root tee "$RECORD.new" >/dev/null
	as_root mv "$RECORD.new" "$RECORD"
}

uninstall() {
	local mounted packages files folders
	mounted=$(awk '/ - fuse\.scratchfs / { print "  scratchfs umount " $5 }' \
		/proc/self/mountinfo)
	[ -z "$mounted" ] || die "views are still mounted; unmount them first:
$mounted"
	uring_off
	[ -e "$RECORD" ] || {
		say "Nothing is installed in $PREFIX."
		return
	}
	packages=$(sed -n 's/^package //p' "$RECORD" | paste -sd ' ')
	mapfile -t files < <(grep '^/.*[^/]$' "$RECORD")
	mapfile -t folders < <(grep '^/.*/$' "$RECORD" | LC_ALL=C sort -r)
	as_root rm -f -- "${files[@]}"
	[ "${#folders[@]}" = 0 ] ||
		as_root rmdir --ignore-fail-on-non-empty -- "${folders[@]}"
	say "Removed scratchfs from $PREFIX."
	[ -z "$packages" ] || say "Packages that were installed for the build:" \
		"sudo apt-get remove $packages"
	say "Volumes and stores are where they were: .local/share/scratchfs and" \
		".local/state/scratchfs at home; root's in /var/lib/scratchfs."
}

# --- io_uring ---------------------------------------------------------------------

uring_on() {
	local file=${BOOT_FILES[0]} line="options fuse enable_uring=1"
	[ -e "$SWITCH" ] || as_root modprobe fuse 2>/dev/null || :
	[ -e "$SWITCH" ] || die "this kernel ($(uname -r)) has no FUSE over io_uring;" \
		"Linux 6.14 and later do"
	[ "$(cat "$SWITCH")" = N ] || {
		say "FUSE over io_uring is on already."
		return
	}
	# Built into the kernel, fuse reads no modprobe.d.
	if [ ! -e /sys/module/fuse/initstate ]; then
		file=${BOOT_FILES[1]} line="w $SWITCH - - - - Y"
	fi
	printf '# Made by quickstart.sh --uring of scratchfs.\n%s\n' "$line" |
		as_root tee "$file" >/dev/null || die "cannot write $file"
	say Y | as_root tee "$SWITCH" >/dev/null || die "cannot write $SWITCH"
	say "FUSE over io_uring is on, now and at every boot ($file)."
}

uring_off() {
	local file
	for file in "${BOOT_FILES[@]}"; do
		[ -e "$file" ] || continue
		as_root rm -f "$file"
		say N | as_root tee "$SWITCH" >/dev/null || :
		say "FUSE over io_uring is off, as it was ($file is removed)."
	done
}

# --- mounting -----------------------------------------------------------------------

mount_project() {
	local source=$1 mountpoint=$2
	[ -d "$source" ] || die "$source is not a folder"
	if [ ! -e "$mountpoint" ] && ! mkdir -p "$mountpoint" 2>/dev/null; then
		as_root install -d -o "$(id -u)" -g "$(id -g)" "$mountpoint"
	fi
	"$PREFIX/bin/scratchfs" "$source" "$mountpoint" || exit
	say "$mountpoint shows $source; what tools leave behind stays out of it."
	say "When you are done: scratchfs umount $mountpoint"
	case :$PATH: in
	*":$PREFIX/bin:"*) ;;
	*) say "($PREFIX/bin is not in your PATH.)" ;;
	esac
}

main() {
	local uring=no
	case ${1-} in
	-h | --help) usage && return ;;
	--uninstall) uninstall && return ;;
	--uring) uring=yes && shift ;;
	-*) die "there is no option $1; see --help" ;;
	esac
	case $uring$# in
	no0 | *2) ;;
	yes0) uring_on && return ;;
	*) usage >&2 && exit 2 ;;
	esac
	[ "$uring" = no ] || uring_on
	install_needs
	build
	if [ $# = 0 ]; then
		exec "$PROJECT/contrib/demo.sh" "$BUILD/scratchfs"
	fi
	install_program
	mount_project "$1" "$2"
}

main "$@"
