/* SPDX-License-Identifier: MIT */
#include "uring_ring.h"

#ifdef SFS_HAVE_URING

#include "tap.h"

#include <linux/fuse.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum {
	PAYLOAD_BYTES = 1 << 20, /* max_write, and the largest read */
	PAGE_BYTES = 4096,
	AREA_BYTES = 2 * PAGE_BYTES + PAYLOAD_BYTES,
	CMD_REGISTER = 1,
	CMD_COMMIT_AND_FETCH = 2,
	PART_BYTES = 128,
	YIELDS = 256, /* after it was seen that callers move */
};

/* linux/fuse.h of 6.14: what is at the start of a queue entry's headers... */
struct ring_headers {
	char in_out[PART_BYTES]; /* struct fuse_in_header or fuse_out_header */
	char op_in[PART_BYTES];	 /* the request's first argument */
	struct {
		uint64_t flags, commit_id;
		uint32_t payload_size, padding;
		uint64_t reserved;
	} entry;
};

/* ... and what is in the command part of an SQE. */
struct ring_command {
	uint64_t flags, commit_id;
	uint16_t queue;
	uint8_t padding[6];
};

/* Room for one request at a time. */
struct sfs_ring_entry {
	struct sfs_ring_entry *next;  /* of its thread's */
	struct ring_headers *headers; /* a page */
	char *payload;		      /* a page before it is ours as well */
	struct iovec iov[2];
	uint64_t unique; /* of the request being answered; 0: none */
	uint16_t queue;
	bool out; /* with the kernel */
};

static struct io_uring_sqe *get_sqe(struct sfs_ring *t)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&t->ring);

	if (!sqe && io_uring_submit(&t->ring) >= 0)
		sqe = io_uring_get_sqe(&t->ring);
	if (sqe)
		memset(sqe, 0, 2 * sizeof(*sqe));
	return sqe;
}

static void command(struct sfs_ring *t, struct sfs_ring_entry *entry,
		    unsigned int op)
{
	struct io_uring_sqe *sqe = get_sqe(t);
	struct ring_command cmd = { .queue = entry->queue };

	if (!sqe)
		return;
	sqe->opcode = IORING_OP_URING_CMD;
	sqe->fd = t->rings->fd;
	sqe->cmd_op = op;
	sqe->user_data = (uintptr_t)entry;
	if (op == CMD_REGISTER) {
		sqe->addr = (uintptr_t)entry->iov;
		sqe->len = 2;
	} else {
		cmd.commit_id = entry->headers->entry.commit_id;
	}
	memcpy((char *)sqe + offsetof(struct io_uring_sqe, addr3), &cmd,
	       sizeof(cmd));
	t->n_out++;
}

/* Puts libfuse's answer into the entry. */
static ssize_t fill(struct sfs_ring_entry *entry, const struct iovec *iov,
		    int count)
{
	size_t size = 0;

	for (int i = 1; i < count; i++) {
		if (iov[i].iov_len > PAYLOAD_BYTES - size)
			return -1;
		memcpy(entry->payload + size, iov[i].iov_base, iov[i].iov_len);
		size += iov[i].iov_len;
	}
	memcpy(entry->headers->in_out, iov[0].iov_base,
	       sizeof(struct fuse_out_header));
	entry->headers->entry.payload_size = (uint32_t)size;
	entry->unique = 0;
	return (ssize_t)(size + iov[0].iov_len);
}

/* An answer by the thread that serves the request: it goes out with the next
 * submission. */
static ssize_t take_reply(void *ctx, const struct iovec *iov, int count)
{
	struct sfs_ring *t = ctx;
	const struct fuse_out_header *head = iov[0].iov_base;
	ssize_t n;

	if (!t->serving || head->unique != t->serving->unique)
		return -1;
	n = fill(t->serving, iov, count);
	if (n >= 0)
		command(t, t->serving, CMD_COMMIT_AND_FETCH);
	return n;
}

int sfs_ring_add_entry(struct sfs_ring *t, unsigned int queue)
{
	struct sfs_ring_entry *entry = calloc(1, sizeof(*entry));
	char *area;

	if (!entry)
		return -ENOMEM;
	area = mmap(NULL, AREA_BYTES, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (area == MAP_FAILED) {
		free(entry);
		return -ENOMEM;
	}
	entry->queue = (uint16_t)queue;
	entry->headers = (struct ring_headers *)(void *)area;
	entry->payload = area + 2 * PAGE_BYTES;
	entry->iov[0] =
		(struct iovec){ entry->headers, sizeof(*entry->headers) };
	entry->iov[1] = (struct iovec){ entry->payload, PAYLOAD_BYTES };
	entry->next = t->entries;
	t->entries = entry;
	return 0;
}

void sfs_ring_free_entries(struct sfs_ring *t)
{
	while (t->entries) {
		struct sfs_ring_entry *entry = t->entries;

		t->entries = entry->next;
		munmap(entry->headers, AREA_BYTES);
		free(entry);
	}
}

/* What nobody answered: it would keep its caller for ever. */
static void fail_request(struct sfs_ring *t)
{
	struct fuse_out_header head = { .len = sizeof(head),
					.error = -EIO,
					.unique = t->serving->unique };
	struct iovec iov = { &head, sizeof(head) };

	(void)take_reply(t, &iov, 1);
}

/* The request as one message; NULL: it cannot be one. */
static char *put_together(struct sfs_ring_entry *entry,
			  struct fuse_in_header *head)
{
	size_t payload = entry->headers->entry.payload_size, op;
	char *message;

	memcpy(head, entry->headers->in_out, sizeof(*head));
	entry->unique = head->unique;
	if (head->len < sizeof(*head) + payload ||
	    head->len - sizeof(*head) - payload > PART_BYTES)
		return NULL;
	op = head->len - sizeof(*head) - payload;
	message = entry->payload - op - sizeof(*head);
	memcpy(message, head, sizeof(*head));
	memcpy(message + sizeof(*head), entry->headers->op_in, op);
	return message;
}

/* A caller that goes from CPU to CPU is about to do so again. */
static void note_caller(struct sfs_rings *rings, uint32_t pid, uint16_t queue)
{
	uint64_t now = (uint64_t)pid << 16 | queue;
	uint64_t was = atomic_exchange(&rings->last, now);

	if (was >> 16 == pid && was != now)
		atomic_store(&rings->n_yields, YIELDS);
}

static void serve_request(struct sfs_ring *t, struct sfs_ring_entry *entry)
{
	struct sfs_mount *mount = t->rings->mount;
	struct fuse_in_header head;
	char *message = put_together(entry, &head);
	struct fuse_buf buf = { .size = head.len, .mem = message };

	t->serving = entry;
	note_caller(t->rings, head.pid, entry->queue);
	if (message) {
		sfs_tap_look(mount, message, head.len);
		fuse_session_process_buf(mount->session, &buf);
	}
	if (entry->unique)
		fail_request(t);
	t->serving = NULL;
}

static void take_completion(struct sfs_ring *t)
{
	struct io_uring_cqe *cqe;
	struct sfs_ring_entry *entry;
	int r;

	if (io_uring_peek_cqe(&t->ring, &cqe))
		return;
	r = cqe->res;
	entry = io_uring_cqe_get_data(cqe);
	io_uring_cqe_seen(&t->ring, cqe);
	t->n_out--;
	if (r >= 0)
		serve_request(t, entry);
}

/* Sends the answer; its caller goes on here, if callers were seen to move. */
static void yield_to_caller(struct sfs_ring *t)
{
	uint64_t since, took;

	if (!t->rings->yields || atomic_load(&t->rings->n_yields) <= 0)
		return;
	atomic_fetch_sub(&t->rings->n_yields, 1);
	if (sfs_yield_now_ns() < t->rest.until_ns)
		return;
	since = sfs_yield_begin();
	(void)io_uring_submit(&t->ring);
	took = sfs_yield_end(since);
	if (took)
		sfs_rest_begin(&t->rest, since + took);
	else
		t->rest.ns = 0;
}

/* Every failure but a signal is the end of the connection. */
void sfs_ring_serve(struct sfs_ring *t)
{
	sfs_tap_divert(take_reply, t);
	for (struct sfs_ring_entry *e = t->entries; e; e = e->next)
		command(t, e, CMD_REGISTER);
	while (t->n_out > 0) {
		int r;

		if (io_uring_sq_ready(&t->ring))
			yield_to_caller(t);
		r = io_uring_submit_and_wait(&t->ring, 1);
		if (r < 0 && r != -EINTR && r != -EAGAIN && r != -EBUSY)
			break;
		take_completion(t);
	}
	sfs_tap_divert(NULL, NULL);
}

#endif
