/* SPDX-License-Identifier: MIT */
#include "fixture.h"

#include "../../../fs/view/internal.h"
#include "../../../fs/view/settle.h"

enum {
	NAMES = 6000
};

/* What a listing gave: names in order of the alphabet, "a b c ". */
struct seen {
	struct fixture *fx;
	struct sfs_node *folder;
	bool plus;
	size_t room; /* entries still taken */
	uint64_t cookie;
	unsigned int n, n_children, n_known, dots;
	const char *names[NAMES + 16];
	struct sfs_node *children[NAMES + 16];
};

/* Has the kernel been told of what has this name? */
static bool is_known(const struct seen *seen, const char *name)
{
	struct sfs_node *node =
		sfs_node_named(seen->fx->view, seen->folder, name);
	bool known = node && sfs_settle_is_known(node);

	if (node)
		sfs_node_put(seen->fx->view, node);
	return known;
}

static bool take(void *ctx, const struct sfs_dirent *entry)
{
	struct seen *seen = ctx;
	struct sfs_node *node = entry->child ? entry->child->node : NULL;

	if (!seen->room) {
		if (node)
			sfs_node_forget(seen->fx->view, node, 1);
		return false;
	}
	seen->room--;
	seen->cookie = entry->cookie;
	assert_true(entry->ino != 0);
	if (!strcmp(entry->name, ".") || !strcmp(entry->name, "..")) {
		assert_int_equal(entry->type, DT_DIR);
		seen->dots++;
		return true;
	}
	assert_true(seen->n < NAMES + 16);
	seen->names[seen->n++] = strdup(entry->name);
	if (node)
		seen->children[seen->n_children++] = node;
	else if (seen->plus && is_known(seen, entry->name))
		seen->n_known++;
	return true;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Lists the folder with so many entries in a call. */
static void list(struct seen *seen, struct sfs_node *folder, size_t piece,
		 bool plus)
{
	unsigned int before;

	seen->folder = folder;
	seen->plus = plus;
	do {
		before = seen->n + seen->dots;
		seen->room = piece;
		assert_int_equal(sfs_view_list(seen->fx->view, folder,
					       seen->cookie, plus, take, seen),
				 0);
	} while (seen->n + seen->dots > before);
}

static void seen_done(struct seen *seen)
{
	while (seen->n)
		free((char *)(uintptr_t)seen->names[--seen->n]);
	while (seen->n_children)
		sfs_node_forget(seen->fx->view,
				seen->children[--seen->n_children], 1);
}

static void assert_lists(struct fixture *fx, const char *folder,
			 const char *names)
{
	static const size_t pieces[] = { 1, 2, 100 };

	for (unsigned int i = 0; i < 6; i++) {
		struct seen seen = { .fx = fx };
		char text[512] = "";

		list(&seen, fx_node(fx, folder), pieces[i / 2], i % 2);
		qsort(seen.names, seen.n, sizeof(seen.names[0]), compare);
		for (unsigned int k = 0; k < seen.n; k++) {
			strcat(text, seen.names[k]);
			strcat(text, " ");
		}
		assert_string_equal(text, names);
		assert_int_equal(seen.dots, 2);
		assert_int_equal(seen.n_children + seen.n_known,
				 i % 2 ? seen.n : 0);
		seen_done(&seen);
	}
}

static void a_core_folder_has_names_of_both_places(void **state)
{
	struct fixture *fx = *state;

	fx_mkdir(fx, "source/d");
	fx_mkdir(fx, "source/d/sub");
	fx_put(fx, "source/d/file", "");
	fx_put(fx, "source/d/.tmp1", "");
	fx_put(fx, "source/d/hid", "");
	fx_put(fx, "source/d/keep", "");
	fx_create(fx, "d", ".tmp2", "");
	fx_create(fx, "d/sub", ".tmp3", ""); /* makes a mirror of sub */
	assert_lists(fx, "d", ".tmp1 .tmp2 file keep sub ");
	fx_create(fx, "d", "hid", "");
	assert_lists(fx, "d", ".tmp1 .tmp2 file hid keep sub ");
}

static void what_was_copied_up_or_deleted_counts_once_or_not(void **state)
{
	struct fixture *fx = *state;
	const struct stat mode = { .st_mode = 0600 };
	enum sfs_trust trust;
	struct stat st;

	fx_put(fx, "source/.tmp1", "");
	fx_put(fx, "source/.tmp2", "");
	fx_put(fx, "source/file", "");
	assert_int_equal(sfs_view_setattr(fx->view, &fx_caller,
					  fx_node(fx, ".tmp1"), &mode,
					  SFS_SET_MODE, &st, &trust),
			 0);
	assert_int_equal(
		sfs_view_unlink(fx->view, sfs_node_root(fx->view), ".tmp2"), 0);
	assert_lists(fx, "", ".tmp1 file ");
}

static void a_scratch_folder_is_merged(void **state)
{
	struct fixture *fx = *state;

	fx_mkdir(fx, "source/logs");
	fx_put(fx, "source/logs/a", "");
	fx_put(fx, "source/logs/b", "");
	assert_lists(fx, "logs", "a b ");
	fx_create(fx, "logs", "c", "");
	assert_int_equal(sfs_view_unlink(fx->view, fx_node(fx, "logs"), "a"),
			 0);
	assert_lists(fx, "logs", "b c ");
	fx_put(fx, "source/logs/d", "");
	assert_lists(fx, "logs", "b c d ");
}

static void a_half_made_thing_is_not_shown(void **state)
{
	struct fixture *fx = *state;

	fx_put(fx, "source/" SFS_STORE_TEMP_PREFIX "0123456789abcdef", "");
	fx_put(fx, "source/file", "");
	assert_lists(fx, "", "file ");
}

static void what_stays_is_met_once_while_others_come_and_go(void **state)
{
	struct fixture *fx = *state;
	struct seen seen = { .fx = fx };
	unsigned int stable = 0, others = 0;
	char name[64];

	fx_mkdir(fx, "source/logs");
	for (unsigned int i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "source/logs/stable-%u", i);
		fx_put(fx, name, "");
	}
	for (unsigned int i = 0; i < 300; i++) {
		seen.room = 2;
		assert_int_equal(sfs_view_list(fx->view, fx_node(fx, "logs"),
					       seen.cookie, false, take, &seen),
				 0);
		while (fx->n_nodes)
			sfs_node_forget(fx->view, fx->nodes[--fx->n_nodes], 1);
		snprintf(name, sizeof(name), "source/logs/other-%u", i);
		fx_put(fx, name, "");
		/* A listing from the start takes a new snapshot. */
		if (i % 10 == 0) {
			struct seen again = { .fx = fx, .room = 1 };

			assert_int_equal(sfs_view_list(fx->view,
						       fx_node(fx, "logs"), 0,
						       false, take, &again),
					 0);
		}
		if (i % 2)
			assert_int_equal(unlink(fx_at(fx, name)), 0);
	}
	list(&seen, fx_node(fx, "logs"), 10, false);
	qsort(seen.names, seen.n, sizeof(seen.names[0]), compare);
	for (unsigned int i = 0; i < seen.n; i++) {
		assert_true(i == 0 || strcmp(seen.names[i - 1], seen.names[i]));
		if (!strncmp(seen.names[i], "stable", 6))
			stable++;
		else
			others++;
	}
	assert_int_equal(stable, 300);
	assert_true(others > 0);
	seen_done(&seen);
}

/* With a sort for each piece this would take 36 million steps. */
static void a_large_folder_is_listed_in_small_pieces(void **state)
{
	struct fixture *fx = *state;
	struct seen *seen = calloc(1, sizeof(*seen));
	int dir;

	assert_non_null(seen);
	fx_mkdir(fx, "source/logs");
	dir = open(fx_at(fx, "source/logs"), O_PATH);
	for (unsigned int i = 0; i < NAMES; i++) {
		char name[32];

		snprintf(name, sizeof(name), "%u", i);
		assert_int_equal(mknodat(dir, name, S_IFREG | 0600, 0), 0);
	}
	close(dir);
	seen->fx = fx;
	list(seen, fx_node(fx, "logs"), 1, false);
	assert_int_equal(seen->n, NAMES);
	assert_int_equal(seen->dots, 2);
	seen_done(seen);
	free(seen);
}

static int is_empty(struct fixture *fx, const char *path)
{
	return sfs_list_is_empty(fx->view, fx_node(fx, path));
}

static void empty_is_what_shows_nothing(void **state)
{
	struct fixture *fx = *state;

	fx_mkdir(fx, "source/d");
	assert_int_equal(is_empty(fx, "d"), 0);
	fx_put(fx, "source/d/hid", "");
	fx_put(fx, "source/d/.tmp1", "");
	assert_int_equal(is_empty(fx, "d"), -ENOTEMPTY);
	assert_int_equal(sfs_view_unlink(fx->view, fx_node(fx, "d"), ".tmp1"),
			 0);
	assert_int_equal(is_empty(fx, "d"), 0);
	fx_create(fx, "d", ".tmp2", "");
	assert_int_equal(is_empty(fx, "d"), -ENOTEMPTY);
}

static void a_number_is_the_same_as_in_attributes(void **state)
{
	struct fixture *fx = *state;
	struct seen seen = { .fx = fx };
	struct sfs_node *node;

	fx_put(fx, "source/.tmp1", "");
	node = fx_node(fx, ".tmp1");
	assert_int_equal(sfs_view_open(fx->view, node, O_RDWR), 0);
	for (unsigned int i = 0; i < 3; i++) {
		seen.room = 1;
		assert_int_equal(sfs_view_list(fx->view,
					       sfs_node_root(fx->view),
					       seen.cookie, true, take, &seen),
				 0);
	}
	assert_int_equal(seen.n_children, 1);
	assert_ptr_equal(seen.children[0], node);
	assert_int_equal(node->shown_ino, fx_stat(fx, "source/.tmp1").st_ino);
	seen_done(&seen);
}

static unsigned int told_in_root(struct fixture *fx)
{
	struct seen seen = { .fx = fx };
	unsigned int n;

	list(&seen, sfs_node_root(fx->view), 100, true);
	n = seen.n_children;
	seen_done(&seen);
	return n;
}

static void what_the_kernel_knows_is_not_told_again(void **state)
{
	struct fixture *fx = *state;
	struct iovec iov = { (void *)(uintptr_t) "x", 1 };
	struct sfs_write write = { .iov = &iov, .n_iov = 1 };
	struct sfs_node *node = fx_create(fx, "", ".tmp1", "");

	fx_create(fx, "", ".tmp2", "");
	assert_int_equal(told_in_root(fx), 2);
	assert_int_equal(told_in_root(fx), 0);
	assert_int_equal(sfs_view_write(fx->view, node, &write), 1);
	assert_int_equal(told_in_root(fx), 1);
	assert_int_equal(told_in_root(fx), 0);
}

static void a_folder_is_told_again_when_names_came_or_went(void **state)
{
	struct fixture *fx = *state;

	fx_make_folder(fx, "", ".tmp1");
	assert_int_equal(told_in_root(fx), 0);
	fx_create(fx, ".tmp1", "file", "");
	assert_int_equal(told_in_root(fx), 1);
	assert_int_equal(told_in_root(fx), 0);
	assert_int_equal(
		sfs_view_unlink(fx->view, fx_node(fx, ".tmp1"), "file"), 0);
	assert_int_equal(told_in_root(fx), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FX_TEST(a_core_folder_has_names_of_both_places),
		FX_TEST(what_was_copied_up_or_deleted_counts_once_or_not),
		FX_TEST(a_scratch_folder_is_merged),
		FX_TEST(a_half_made_thing_is_not_shown),
		FX_TEST(what_stays_is_met_once_while_others_come_and_go),
		FX_TEST(a_large_folder_is_listed_in_small_pieces),
		FX_TEST(empty_is_what_shows_nothing),
		FX_TEST(what_the_kernel_knows_is_not_told_again),
		FX_TEST(a_folder_is_told_again_when_names_came_or_went),
		FX_TEST(a_number_is_the_same_as_in_attributes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
