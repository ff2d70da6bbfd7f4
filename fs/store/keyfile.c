/* SPDX-License-Identifier: MIT */
#include "keyfile.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#include "internal.h"
#include "scratchfs/backing.h"
#include "scratchfs/cleanup.h"

void sfs_keyfile_done(struct sfs_keyfile *file)
{
	for (size_t i = 0; i < file->count; i++) {
		free(file->pairs[i].key);
		free(file->pairs[i].value);
	}
	free(file->pairs);
	*file = (struct sfs_keyfile){ 0 };
}

int sfs_keyfile_add(struct sfs_keyfile *file, const char *key,
		    const char *value)
{
	struct sfs_keyfile_pair pair, *pairs;

	if (!value)
		return 0;
	pairs = reallocarray(file->pairs, file->count + 1, sizeof(*pairs));
	if (!pairs)
		return -ENOMEM;
	file->pairs = pairs;
	pair.key = strdup(key);
	pair.value = strdup(value);
	if (!pair.key || !pair.value) {
		free(pair.key);
		free(pair.value);
		return -ENOMEM;
	}
	pairs[file->count++] = pair;
	return 0;
}

int sfs_keyfile_add_number(struct sfs_keyfile *file, const char *key,
			   uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	return sfs_keyfile_add(file, key, text);
}

const char *sfs_keyfile_get(const struct sfs_keyfile *file, const char *key)
{
	for (size_t i = 0; i < file->count; i++) {
		if (strcmp(file->pairs[i].key, key) == 0)
			return file->pairs[i].value;
	}
	return NULL;
}

uint64_t sfs_keyfile_get_number(const struct sfs_keyfile *file, const char *key)
{
	const char *value = sfs_keyfile_get(file, key);

	return value ? strtoull(value, NULL, 10) : 0;
}

static int hex_digit(char c)
{
	const char *digits = "0123456789abcdef";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* In place.  -EBADMSG: a '%' without two digits, or an encoded NUL. */
static int decode(char *text)
{
	char *out = text;

	for (const char *in = text; *in; in++) {
		int high, low;

		if (*in != '%') {
			*out++ = *in;
			continue;
		}
		high = hex_digit(in[1]);
		low = high < 0 ? -1 : hex_digit(in[2]);
		if (low < 0 || !(high | low))
			return -EBADMSG;
		*out++ = (char)(high * 16 + low);
		in += 2;
	}
	*out = '\0';
	return 0;
}

static void encode(FILE *file, const char *text, bool is_key)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c < ' ' || c == 127 || c == '%' || (is_key && c == '='))
			fprintf(file, "%%%02x", c);
		else
			putc(c, file);
	}
}

static int parse(char *text, struct sfs_keyfile *file)
{
	char *rest, *line;

	for (line = strtok_r(text, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest)) {
		char *value = strchr(line, '=');
		int r;

		if (!value)
			return -EBADMSG;
		*value++ = '\0';
		r = decode(line);
		if (r == 0)
			r = decode(value);
		if (r == 0)
			r = sfs_keyfile_add(file, line, value);
		if (r < 0)
			return r;
	}
	return 0;
}

int sfs_keyfile_read(int dir_fd, const char *name, struct sfs_keyfile *ret)
{
	SFS_KEYFILE struct sfs_keyfile file = { 0 };
	SFS_FREE char *text = NULL;
	SFS_CLOSE int fd =
		sfs_backing_open(dir_fd, name, O_RDONLY | O_NONBLOCK, 0);
	struct stat st;
	ssize_t len;
	int r;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EBADMSG;
	if (st.st_size > SFS_KEYFILE_MAX)
		return -EFBIG;
	text = malloc((size_t)st.st_size + 1);
	if (!text)
		return -ENOMEM;
	len = pread(fd, text, (size_t)st.st_size, 0);
	if (len < 0)
		return -errno;
	text[len] = '\0';
	if (strlen(text) != (size_t)len)
		return -EBADMSG;
	r = parse(text, &file);
	if (r < 0)
		return r;
	*ret = file;
	file = (struct sfs_keyfile){ 0 };
	return 0;
}

static int write_pairs(const struct sfs_keyfile *keys, int fd)
{
	FILE *file = fdopen(fd, "w");
	int r = 0;

	if (!file) {
		close(fd);
		return -ENOMEM;
	}
	for (size_t i = 0; i < keys->count; i++) {
		encode(file, keys->pairs[i].key, true);
		putc('=', file);
		encode(file, keys->pairs[i].value, false);
		putc('\n', file);
	}
	errno = 0;
	if (fflush(file) || ferror(file) || fdatasync(fd))
		r = errno ? -errno : -EIO;
	if (fclose(file) && r == 0)
		r = -EIO;
	return r;
}

int sfs_keyfile_write(const struct sfs_keyfile *file, int dir_fd,
		      const char *name)
{
	char temp[SFS_HEX_MAX + 8] = ".new-";
	int fd, r;

	r = sfs_store_random_hex(temp + strlen(temp));
	if (r < 0)
		return r;
	fd = sfs_backing_open(dir_fd, temp, O_WRONLY | O_CREAT | O_EXCL, 0600);
	if (fd < 0)
		return fd;
	r = write_pairs(file, fd);
	if (r == 0)
		r = sfs_backing_rename(dir_fd, temp, dir_fd, name, 0);
	if (r < 0)
		unlinkat(dir_fd, temp, 0);
	return r;
}
