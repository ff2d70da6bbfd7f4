/* SPDX-License-Identifier: MIT */
#include "print.h"

#include <stdio.h>

void sfs_print_name(const char *name)
{
	for (; *name; name++)
		putchar((unsigned char)*name < 0x20 || *name == 0x7f ? '?'
								     : *name);
}
