/* SPDX-License-Identifier: MIT */
/*
 * How the commands talk to the daemon: through extended attributes of the view,
 * so that whoever may look at a folder may ask about it, and nobody else.
 *
 * Questions (getxattr); fields end with a zero byte:
 *	root	user.scratchfs.status	what the view is and holds, in JSON
 *	root	user.scratchfs.report	the same for people
 *	root	user.scratchfs.usage	what unmounting throws away: "FILES
 *					BYTES CHANGED", paths of changed copies
 *					of host files
 *	root	user.scratchfs.usage/MS	the same; the counting ends after that
 *					many milliseconds, and " more" follows
 *					CHANGED if there is
 *	folder	user.scratchfs.explain/PATH
 *					of a path below it, which need not
 *					exist: place, "ro" or "rw", real path,
 *					pattern, from, volume
 *	root	user.scratchfs.diff	"ID LENGTH": what unmounting throws away
 *					(changes.h), to be fetched with
 *	root	user.scratchfs.page/ID/OFFSET
 *	root	user.scratchfs.alive	no such attribute: whoever says so is there
 * Orders (setxattr), of the daemon's user or root:
 *	root	user.scratchfs.volume	make the scratch a volume of that name
 *					when the view ends (EINPROGRESS: it is to
 *					get another one); "-NAME": no longer
 *	any	user.scratchfs.keep	copy it to its place on the host: a
 *					file, or a folder without its content;
 *					value: "/NAME" for a child of this
 *					folder, before it "force" to overwrite
 */
#include "session.h"

#include "changes.h"

#include "scratchfs/rules.h"
#include "scratchfs/store.h"
#include "scratchfs/volume.h"

#include <inttypes.h>
#include <limits.h>
#include <string.h>

#define PREFIX	"user.scratchfs."
#define EXPLAIN PREFIX "explain/"
#define VOLUME	PREFIX "volume"
#define KEEP	PREFIX "keep"
#define DIFF	PREFIX "diff"
#define PAGE	PREFIX "page/"
#define FORCE	"force"

static void put(FILE *out, const char *text)
{
	if (text)
		fputs(text, out);
	fputc('\0', out);
}

static void put_explanation(FILE *out, const struct sfs_session *session,
			    const struct sfs_explanation *why)
{
	const struct sfs_rule *rule = NULL;

	if (why->scratch && why->rule >= 0)
		rule = sfs_rules_get(session->config->scratch, why->rule);
	else if (!why->scratch && why->readonly_rule >= 0)
		rule = sfs_rules_get(session->config->readonly,
				     why->readonly_rule);
	put(out, !why->scratch ? "host" : why->lower ? "lower" : "scratch");
	put(out, why->readonly ? "ro" : "rw");
	put(out, why->real_path);
	put(out, rule ? rule->glob : NULL);
	put(out, rule ? rule->from : NULL);
	put(out, why->scratch ? session->stores[why->store]->volume : NULL);
}

static int explain(const struct sfs_session *session, struct sfs_node *folder,
		   const char *path, char **ret_text, size_t *ret_length)
{
	struct sfs_explanation why = { .rule = -1 };
	int err =
		sfs_view_explain_path(session->mount.view, folder, path, &why);

	if (err < 0)
		return err;
	FILE *out = open_memstream(ret_text, ret_length);
	if (out)
		put_explanation(out, session, &why);
	free(why.real_path);
	if (!out)
		return -ENOMEM;
	if (fclose(out) == 0)
		return 0;
	free(sfs_steal_ptr(ret_text));
	return -ENOMEM;
}

static int begin_diff(struct sfs_session *session, char **ret_text,
		      size_t *ret_length)
{
	char *text = NULL;
	size_t length = 0;
	int err = sfs_changes_list(session, &text, &length);

	if (err < 0)
		return err;
	uint64_t id = sfs_pages_add(&session->pages, text, length);
	int n = asprintf(ret_text, "%" PRIu64 " %zu", id, length);
	*ret_length = n < 0 ? 0 : (size_t)n;
	return n < 0 ? -ENOMEM : 0;
}

static int get_page(struct sfs_session *session, const char *which,
		    char **ret_text, size_t *ret_length)
{
	uint64_t id;
	size_t offset;

	if (sscanf(which, "%" SCNu64 "/%zu", &id, &offset) != 2)
		return -ENODATA;
	return sfs_pages_get(&session->pages, id, offset, ret_text, ret_length);
}

int sfs_session_answer(void *ctx, struct sfs_node *node, const char *name,
		       char **ret_text, size_t *ret_length)
{
	struct sfs_session *session = ctx;

	if (strncmp(name, EXPLAIN, strlen(EXPLAIN)) == 0)
		return explain(session, node, name + strlen(EXPLAIN), ret_text,
			       ret_length);
	if (node != sfs_node_root(session->mount.view))
		return -ENODATA;
	if (strcmp(name, DIFF) == 0)
		return begin_diff(session, ret_text, ret_length);
	if (strncmp(name, PAGE, strlen(PAGE)) == 0)
		return get_page(session, name + strlen(PAGE), ret_text,
				ret_length);
	return sfs_session_report(session, name + strlen(PREFIX), ret_text,
				  ret_length);
}

/* The kernel lets one order at a time change the attributes of a folder. */
static bool is_to_be(const struct sfs_session *session, const char *name)
{
	const char *now = atomic_load(&session->keep_as);

	return now && strcmp(now, name) == 0;
}

/* Of two that want to unmount it one may fail and take its order back: it must
 * not have been the other's. */
static int set_keep_as(struct sfs_session *session, const char *name)
{
	struct sfs_volume *volume = NULL;

	if (session->stores[0]->volume)
		return -EALREADY;
	if (atomic_load(&session->keep_as) && !is_to_be(session, name))
		return -EINPROGRESS;
	if (!sfs_volume_name_valid(name))
		return -EINVAL;
	int err = sfs_volume_load(name, &volume);
	sfs_volume_free(volume);
	if (err != -ENOENT)
		return err == 0 ? -EEXIST : err;
	err = sfs_store_prepare_volume(session->stores[0], session->source);
	if (err < 0)
		return err;
	char *copy = strdup(name);
	if (!copy)
		return -ENOMEM;
	free(atomic_exchange(&session->keep_as, copy));
	return 0;
}

/* "force" and "/NAME", both or none. */
static int keep(struct sfs_session *session, struct sfs_node *node,
		const char *value, size_t size)
{
	char text[sizeof(FORCE) + 1 + NAME_MAX];
	const char *child = text;
	bool overwrite = false;

	if (size >= sizeof(text))
		return -EINVAL;
	memcpy(text, value, size);
	text[size] = '\0';
	if (strncmp(text, FORCE, strlen(FORCE)) == 0) {
		overwrite = true;
		child += strlen(FORCE);
	}
	if (*child && (*child != '/' || strchr(child + 1, '/')))
		return -EINVAL;
	return sfs_view_keep(session->mount.view, node,
			     *child ? child + 1 : NULL, overwrite);
}

static int order_volume(struct sfs_session *session, const char *value,
			size_t size)
{
	char volume[1 + SFS_VOLUME_NAME_MAX + 1];

	if (size >= sizeof(volume))
		return -EINVAL;
	memcpy(volume, value, size);
	volume[size] = '\0';
	if (volume[0] != '-')
		return set_keep_as(session, volume);
	if (is_to_be(session, volume + 1))
		free(atomic_exchange(&session->keep_as, NULL));
	return 0;
}

int sfs_session_order(void *ctx, struct sfs_node *node, const char *name,
		      const char *value, size_t size)
{
	struct sfs_session *session = ctx;

	if (strcmp(name, KEEP) == 0)
		return keep(session, node, value, size);
	if (node == sfs_node_root(session->mount.view) &&
	    strcmp(name, VOLUME) == 0)
		return order_volume(session, value, size);
	return -ENODATA;
}
