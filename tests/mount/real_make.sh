#!/bin/bash
# SPDX-License-Identifier: MIT
# A C program is built in the view; its objects stay off the host.
. "$(dirname "$0")/../lib/mount.sh"
need make cc ar

mkdir -p "$WORK/source/src"
cd "$WORK/source"
for n in 1 2 3 4 5 6 7 8; do
	printf '#include "all.h"\nint f%d(int x) { return x + %d; }\n' $n $n \
		>"src/f$n.c"
	printf 'int f%d(int x);\n' $n
done >src/all.h
cat >src/main.c <<'C'
#include <stdio.h>
#include "all.h"
int main(void) { printf("%d\n", f1(1) + f8(8)); return 0; }
C
cat >Makefile <<'MAKE'
OBJECTS := $(patsubst src/%.c,obj/%.o,$(wildcard src/*.c))
program: obj/liball.a obj/main.o
	$(CC) -o $@ obj/main.o obj/liball.a
obj/liball.a: $(filter-out obj/main.o,$(OBJECTS))
	$(AR) rcs $@ $^
obj/%.o: src/%.c | obj
	$(CC) -MMD -c -o $@ $<
obj:
	mkdir obj
clean:
	rm -rf obj program
-include $(wildcard obj/*.d)
MAKE

mount_view "$WORK/source" "$WORK/view" -s obj
cd "$WORK/view"
make -s -j2
assert_eq "$(./program)" 18 "the program's answer"
assert_eq "$(make)" "make: 'program' is up to date." "a second make"
sleep 0.02
touch src/all.h
make -s -j2
assert_absent "$WORK/source/obj"
assert_present "$WORK/source/program"
make -s clean
assert_absent obj
cd "$WORK"
unmount_view "$WORK/view"
assert_eq "$(ls "$WORK/source")" "$(printf 'Makefile\nsrc')" "what is left"
