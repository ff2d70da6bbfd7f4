/* SPDX-License-Identifier: MIT */
#include <scratchfs/rules.h>

#include <scratchfs/cleanup.h>

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/* *ret: the file's bytes and a NUL.  Never waits, whatever the file is. */
static int read_text(int dirfd, const char *name, char **ret, size_t *ret_len)
{
	SFS_CLOSE int fd = openat(dirfd, name,
				  O_RDONLY | O_CLOEXEC | O_NOFOLLOW |
					  O_NONBLOCK | O_NOCTTY);
	SFS_FREE char *text = NULL;
	struct stat st;
	size_t len = 0;
	ssize_t n;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	/* It may grow meanwhile, so its size is not relied upon. */
	text = malloc(SFS_RULES_MAX_FILE + 2);
	if (!text)
		return -ENOMEM;
	do {
		n = read(fd, text + len, SFS_RULES_MAX_FILE + 1 - len);
		if (n < 0)
			return -errno;
		len += (size_t)n;
		if (len > SFS_RULES_MAX_FILE)
			return -EFBIG;
	} while (n > 0);
	text[len] = '\0';
	*ret = sfs_steal_ptr(&text);
	*ret_len = len;
	return 0;
}

static int add_line(struct sfs_rules *rules, const struct sfs_rule *template,
		    const char *text, unsigned int line, const char **ret_why)
{
	SFS_FREE char *from = NULL;
	struct sfs_rule rule = *template;
	int r;

	if (asprintf(&from, "%s:%u", template->from ? template->from : "",
		     line) < 0) {
		from = NULL;
		return -ENOMEM;
	}
	rule.glob = text;
	rule.from = from;
	r = sfs_rules_add(rules, &rule, ret_why);
	return r == -EINVAL || r == 1 ? 0 : r;
}

/* The line at start becomes a string (as to git, a NUL ends it early). */
static char *cut_line(char *start, char *end)
{
	char *newline = memchr(start, '\n', (size_t)(end - start));
	char *stop = newline ? newline : end;

	*stop = '\0';
	if (stop > start && stop[-1] == '\r')
		stop[-1] = '\0';
	return newline ? newline + 1 : end;
}

int sfs_rules_add_file(struct sfs_rules *rules, int dirfd, const char *name,
		       const struct sfs_rule *template, unsigned int *ret_line,
		       const char **ret_why)
{
	SFS_FREE char *text = NULL;
	char *start, *next, *end;
	size_t len = 0;
	int r;

	*ret_line = 0;
	r = read_text(dirfd, name, &text, &len);
	if (r < 0)
		return r;
	start = text + (strncmp(text, "\xef\xbb\xbf", 3) ? 0 : 3);
	end = text + len;
	for (unsigned int line = 1; start < end; line++, start = next) {
		next = cut_line(start, end);
		r = add_line(rules, template, start, line, ret_why);
		if (r < 0) {
			*ret_line = line;
			return r;
		}
	}
	return 0;
}
