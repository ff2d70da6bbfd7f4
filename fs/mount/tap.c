/* SPDX-License-Identifier: MIT */
#include "tap.h"

#include "features.h"

#include <errno.h>
#include <linux/fuse.h>
#include <string.h>
#include <unistd.h>

/* What a thread knows of the request that it is at. */
static _Thread_local struct {
	bool kills;
	int backing; /* of what is being opened; 0: none */
	sfs_tap_reply_fn *reply;
	void *ctx;
} current;

/* struct fuse_init_out since protocol 7.36; older headers lack flags2 and
 * max_stack_depth. */
struct init_out {
	uint32_t major, minor, max_readahead, flags;
	uint16_t max_background, congestion_threshold;
	uint32_t max_write, time_gran;
	uint16_t max_pages, map_alignment;
	uint32_t flags2, max_stack_depth;
};

/* struct fuse_init_in, likewise. */
struct init_in {
	uint32_t major, minor, max_readahead, flags, flags2;
};

enum {
	WRITE_KILL_SUIDGID = 1 << 2,
	ATTR_KILL_SUIDGID = 1 << 11,
	OPEN_PASSTHROUGH = 1 << 7
};

void sfs_tap_want(struct sfs_mount *mount, uint64_t features)
{
	mount->wanted |= features;
}

bool sfs_tap_has(const struct sfs_mount *mount, uint64_t feature)
{
	return (mount->agreed & feature) != 0;
}

bool sfs_tap_kills_set_ids(void)
{
	return current.kills;
}

void sfs_tap_pass(int backing)
{
	current.backing = backing;
}

void sfs_tap_divert(sfs_tap_reply_fn *reply, void *ctx)
{
	current.reply = reply;
	current.ctx = ctx;
}

static void look_at_init(struct sfs_mount *mount,
			 const struct fuse_in_header *head, size_t size)
{
	struct init_in in = { 0 };
	uint64_t offered;

	if (size < sizeof(*head) + sizeof(in))
		return;
	memcpy(&in, head + 1, sizeof(in));
	offered = in.flags;
	if (offered & SFS_FUSE_INIT_EXT)
		offered |= (uint64_t)in.flags2 << 32;
	mount->agreed = mount->wanted & offered;
	mount->init_unique = head->unique;
}

static bool write_kills(const void *body, size_t size)
{
	struct fuse_write_in in;

	if (size < sizeof(in))
		return false;
	memcpy(&in, body, sizeof(in));
	return in.write_flags & WRITE_KILL_SUIDGID;
}

static bool setattr_kills(const void *body, size_t size)
{
	struct fuse_setattr_in in;

	if (size < sizeof(in))
		return false;
	memcpy(&in, body, sizeof(in));
	return in.valid & ATTR_KILL_SUIDGID;
}

void sfs_tap_look(struct sfs_mount *mount, const void *message, size_t size)
{
	const struct fuse_in_header *head = message;
	size_t body;

	current.kills = false;
	if (size < sizeof(*head))
		return;
	body = size - sizeof(*head);
	if (head->opcode == FUSE_INIT)
		look_at_init(mount, head, size);
	else if (!sfs_tap_has(mount, SFS_FUSE_HANDLE_KILLPRIV_V2))
		return;
	else if (head->opcode == FUSE_WRITE)
		current.kills = write_kills(head + 1, body);
	else if (head->opcode == FUSE_SETATTR)
		current.kills = setattr_kills(head + 1, body);
}

static ssize_t tap_read(int fd, void *buffer, size_t size, void *userdata)
{
	ssize_t n = read(fd, buffer, size);

	if (n > 0)
		sfs_tap_look(userdata, buffer, (size_t)n);
	return n;
}

static void add_to_init(struct init_out *out, uint64_t features)
{
	out->flags |= (uint32_t)(features | SFS_FUSE_INIT_EXT);
	out->flags2 |= (uint32_t)(features >> 32);
	if (features & SFS_FUSE_PASSTHROUGH)
		out->max_stack_depth = 1;
}

/* Adds what libfuse could not ask for.  What it could, it may have given up. */
static void edit_init(struct sfs_mount *mount, struct iovec *iov, int count)
{
	const struct fuse_out_header *head = iov[0].iov_base;
	uint64_t unnamed = mount->agreed & ~sfs_features_named(), said = 0;
	struct init_out *out;

	if (!head->error && count > 1 && iov[1].iov_len >= sizeof(*out)) {
		out = iov[1].iov_base;
		if (unnamed)
			add_to_init(out, unnamed);
		said = out->flags | (uint64_t)out->flags2 << 32;
	}
	mount->agreed &= said;
}

/* Both answers end with what has been opened. */
static void edit_open(const struct iovec *last)
{
	struct {
		uint64_t handle;
		uint32_t flags;
		int32_t backing;
	} * out;

	if (last->iov_len < sizeof(*out))
		return;
	out = (void *)((char *)last->iov_base + last->iov_len - sizeof(*out));
	out->flags = OPEN_PASSTHROUGH;
	out->backing = current.backing;
}

static ssize_t tap_writev(int fd, struct iovec *iov, int count, void *userdata)
{
	struct sfs_mount *mount = userdata;
	const struct fuse_out_header *head = iov[0].iov_base;
	ssize_t n = -1;

	if (mount->init_unique && head->unique == mount->init_unique) {
		mount->init_unique = 0;
		edit_init(mount, iov, count);
	}
	if (current.backing && head->unique) {
		if (!head->error && count > 1)
			edit_open(&iov[count - 1]);
		current.backing = 0;
	}
	if (current.reply && head->unique)
		n = current.reply(current.ctx, iov, count);
	return n >= 0 ? n : writev(fd, iov, count);
}

int sfs_tap_install(struct sfs_mount *mount)
{
	static const struct fuse_custom_io io = {
		.read = tap_read,
		.writev = tap_writev,
	};

	int err = fuse_session_custom_io(mount->session, &io,
					 fuse_session_fd(mount->session));

	mount->tapped = err == 0;
	return err;
}
