/* SPDX-License-Identifier: MIT */
#include "fixture.h"

#include <sys/uio.h>

static ssize_t put(struct fixture *fx, struct sfs_node *node, const char *text,
		   off_t offset)
{
	struct iovec iov = { (void *)(uintptr_t)text, strlen(text) };
	struct sfs_write write = { .iov = &iov, .n_iov = 1, .offset = offset };

	return sfs_view_write(fx->view, node, &write);
}

static void assert_reads(struct fixture *fx, struct sfs_node *node,
			 const char *text)
{
	char buffer[256];
	ssize_t n = sfs_view_read(fx->view, node, buffer, sizeof(buffer), 0);

	assert_int_equal(n, strlen(text));
	assert_memory_equal(buffer, text, strlen(text));
}

static void a_write_on_a_core_path_is_on_the_host(void **state)
{
	struct fixture *fx = *state;
	struct sfs_node *node;

	fx_put(fx, "source/file", "12345");
	node = fx_node(fx, "file");
	assert_int_equal(put(fx, node, "xy", 2), 2);
	fx_expect(fx, "source/file", "12xy5");
	assert_reads(fx, node, "12xy5");
	assert_int_equal(put(fx, node, "z", 7), 1);
	assert_int_equal(fx_stat(fx, "source/file").st_size, 8);
}

static void a_write_on_what_shows_through_is_in_the_store(void **state)
{
	struct fixture *fx = *state;
	struct sfs_node *node;

	fx_put(fx, "source/.tmp1", "12345");
	node = fx_node(fx, ".tmp1");
	assert_reads(fx, node, "12345");
	assert_int_equal(put(fx, node, "xy", 2), 2);
	fx_expect(fx, "source/.tmp1", "12345");
	fx_expect(fx, "store/tree/.tmp1", "12xy5");
	assert_reads(fx, node, "12xy5");
}

static void an_append_goes_to_the_hosts_end(void **state)
{
	struct fixture *fx = *state;
	struct iovec iov[2] = { { (char[]){ "ab" }, 2 },
				{ (char[]){ "c" }, 1 } };
	struct sfs_write write = { .iov = iov, .n_iov = 2, .append = true };
	struct sfs_node *node;

	fx_put(fx, "source/file", "1");
	node = fx_node(fx, "file");
	fx_put(fx, "source/file", "12345");
	assert_int_equal(sfs_view_write(fx->view, node, &write), 3);
	fx_expect(fx, "source/file", "12345abc");
}

static void somebodys_write_takes_set_id_bits_away(void **state)
{
	struct fixture *fx = *state;
	struct iovec iov = { (char[]){ "x" }, 1 };
	struct sfs_write write = { .iov = &iov,
				   .n_iov = 1,
				   .killer = &fx_caller };
	struct sfs_node *node;

	fx_put(fx, "source/file", "12345");
	assert_int_equal(chmod(fx_at(fx, "source/file"), 06755), 0);
	node = fx_node(fx, "file");
	assert_int_equal(sfs_view_write(fx->view, node, &write), 1);
	assert_int_equal(fx_stat(fx, "source/file").st_mode & 07777, 0755);
}

static void what_is_read_only_stays(void **state)
{
	struct fixture *fx = *state;
	struct sfs_node *node;

	fx_mkdir(fx, "source/ro");
	fx_put(fx, "source/ro/file", "12345");
	node = fx_node(fx, "ro/file");
	assert_int_equal(put(fx, node, "x", 0), -EROFS);
	assert_int_equal(sfs_view_fallocate(fx->view, node, 0, 0, 100), -EROFS);
	assert_int_equal(sfs_view_open(fx->view, node, O_RDWR), -EROFS);
	assert_int_equal(sfs_view_open(fx->view, node, O_RDONLY | O_TRUNC),
			 -EROFS);
	assert_int_equal(sfs_view_open(fx->view, node, O_RDONLY), 0);
	fx_expect(fx, "source/ro/file", "12345");
}

static void opening_to_write_copies_up(void **state)
{
	struct fixture *fx = *state;

	fx_put(fx, "source/.tmp1", "12345");
	fx_put(fx, "source/.tmp2", "12345");
	assert_int_equal(sfs_view_open(fx->view, fx_node(fx, ".tmp1"), O_RDWR),
			 0);
	fx_expect(fx, "store/tree/.tmp1", "12345");
	assert_int_equal(sfs_view_open(fx->view, fx_node(fx, ".tmp2"),
				       O_WRONLY | O_TRUNC),
			 0);
	fx_expect(fx, "store/tree/.tmp2", "");
	fx_expect(fx, "source/.tmp2", "12345");
}

static void a_file_without_a_name_keeps_its_bytes(void **state)
{
	struct fixture *fx = *state;
	struct sfs_node *node;

	fx_put(fx, "source/.tmp1", "12345");
	node = fx_node(fx, ".tmp1");
	assert_int_equal(
		sfs_view_unlink(fx->view, sfs_node_root(fx->view), ".tmp1"), 0);
	assert_reads(fx, node, "12345");
	assert_int_equal(put(fx, node, "xy", 2), 2);
	assert_reads(fx, node, "12xy5");
	fx_expect(fx, "source/.tmp1", "12345");
}

static void space_is_allocated_and_given_back(void **state)
{
	struct fixture *fx = *state;
	struct sfs_node *node = fx_create(fx, "", ".tmp1", "12345");
	char zeros[5] = { 0 };
	int err = sfs_view_fallocate(fx->view, node, 0, 0, 8192);

	if (err == -EOPNOTSUPP)
		skip();
	assert_int_equal(err, 0);
	assert_int_equal(fx_stat(fx, "store/tree/.tmp1").st_size, 8192);
	assert_int_equal(sfs_view_fallocate(fx->view, node,
					    FALLOC_FL_PUNCH_HOLE |
						    FALLOC_FL_KEEP_SIZE,
					    0, 4096),
			 0);
	assert_int_equal(sfs_view_read(fx->view, node, zeros, 5, 0), 5);
	assert_memory_equal(zeros, "\0\0\0\0\0", 5);
	assert_int_equal(sfs_view_fallocate(fx->view, node,
					    FALLOC_FL_PUNCH_HOLE, 0, 4096),
			 -EOPNOTSUPP);
	assert_int_equal(sfs_view_fallocate(fx->view, node, 0, 0, 0), -EINVAL);
}

static void holes_are_found(void **state)
{
	struct fixture *fx = *state;
	struct sfs_node *node = fx_create(fx, "", "file", "");

	assert_int_equal(put(fx, node, "x", 1 << 20), 1);
	assert_int_equal(sfs_view_lseek(fx->view, node, 0, SEEK_HOLE), 0);
	assert_int_equal(sfs_view_lseek(fx->view, node, 0, SEEK_DATA), 1 << 20);
	assert_int_equal(sfs_view_lseek(fx->view, node, 2 << 20, SEEK_DATA),
			 -ENXIO);
	assert_int_equal(sfs_view_lseek(fx->view, node, 0, SEEK_END), -EINVAL);
}

static void a_range_is_copied_across_the_border(void **state)
{
	struct fixture *fx = *state;
	struct sfs_node *from, *to;

	fx_put(fx, "source/file", "0123456789");
	from = fx_node(fx, "file");
	to = fx_create(fx, "", ".tmp1", "abcdefgh");
	assert_int_equal(sfs_view_copy_range(fx->view, from, 2, to, 1, 4), 4);
	fx_expect(fx, "store/tree/.tmp1", "a2345fgh");
	assert_int_equal(sfs_view_copy_range(fx->view, from, 8, to, 8, 100), 2);
	fx_expect(fx, "store/tree/.tmp1", "a2345fgh89");
	assert_int_equal(sfs_view_copy_range(fx->view, from, 20, to, 0, 5), 0);
	assert_int_equal(sfs_view_copy_range(fx->view, from, 0, from, 2, 5),
			 -EINVAL);
}

static void everything_can_be_made_durable(void **state)
{
	struct fixture *fx = *state;
	struct sfs_node *file = fx_create(fx, "", "file", "x");
	struct sfs_node *scratch = fx_create(fx, "", ".tmp1", "x");
	struct sfs_node *folder = fx_make_folder(fx, "", "logs");

	assert_int_equal(sfs_view_fsync(fx->view, file, true), 0);
	assert_int_equal(sfs_view_fsync(fx->view, scratch, false), 0);
	assert_int_equal(sfs_view_fsync(fx->view, folder, false), 0);
	assert_int_equal(
		sfs_view_fsync(fx->view, sfs_node_root(fx->view), false), 0);
	assert_int_equal(chmod(fx_at(fx, "source/file"), 0200), 0);
	assert_int_equal(sfs_view_fsync(fx->view, file, false), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FX_TEST(a_write_on_a_core_path_is_on_the_host),
		FX_TEST(a_write_on_what_shows_through_is_in_the_store),
		FX_TEST(an_append_goes_to_the_hosts_end),
		FX_TEST(somebodys_write_takes_set_id_bits_away),
		FX_TEST(what_is_read_only_stays),
		FX_TEST(opening_to_write_copies_up),
		FX_TEST(a_file_without_a_name_keeps_its_bytes),
		FX_TEST(space_is_allocated_and_given_back),
		FX_TEST(holes_are_found),
		FX_TEST(a_range_is_copied_across_the_border),
		FX_TEST(everything_can_be_made_durable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
