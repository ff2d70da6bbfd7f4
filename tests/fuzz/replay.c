/* SPDX-License-Identifier: MIT */
/*
 * Runs a fuzzer over the files and folders named, without libFuzzer: a corpus
 * is an ordinary test for every compiler.  Crashes and sanitizers do the
 * checking.
 */
#include <scratchfs/cleanup.h>

#include <limits.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t len);

static int replay_file(const char *path)
{
	SFS_FREE uint8_t *bytes = NULL;
	SFS_FCLOSE FILE *file = fopen(path, "rbe");
	struct stat st;
	size_t len;

	if (!file || fstat(fileno(file), &st) < 0) {
		perror(path);
		return -1;
	}
	/* Exactly as large as the input, so that an overrun is seen. */
	len = (size_t)st.st_size;
	bytes = malloc(len ? len : 1);
	if (!bytes || fread(bytes, 1, len, file) != len) {
		perror(path);
		return -1;
	}
	LLVMFuzzerTestOneInput(bytes, len);
	return 1;
}

static int replay_folder(const char *path)
{
	SFS_CLOSEDIR DIR *dir = opendir(path);
	struct dirent *entry;
	int count = 0;

	if (!dir) {
		perror(path);
		return -1;
	}
	while ((entry = readdir(dir))) {
		char name[PATH_MAX];

		if (entry->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
		if (replay_file(name) < 0)
			return -1;
		count++;
	}
	return count;
}

int main(int argc, char **argv)
{
	int total = 0;

	for (int i = 1; i < argc; i++) {
		struct stat st;
		int count;

		count = !stat(argv[i], &st) && S_ISDIR(st.st_mode)
				? replay_folder(argv[i])
				: replay_file(argv[i]);
		if (count < 0)
			return 1;
		total += count;
	}
	printf("%d inputs\n", total);
	return total ? 0 : 1;
}
