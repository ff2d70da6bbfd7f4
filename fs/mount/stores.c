/* SPDX-License-Identifier: MIT */
#include "session.h"

#include "scratchfs/msg.h"
#include "scratchfs/rules.h"
#include "scratchfs/store.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

/* --store in the words of sfs_store_new_ephemeral(); *buffer is the caller's. */
static int store_place(const struct sfs_config *config, char **buffer,
		       const char **ret)
{
	*ret = config->store_dir;
	if (!config->store_tmpfs)
		return 0;
	*ret = "tmpfs";
	if (config->tmpfs_bytes == 0)
		return 0;
	if (asprintf(buffer, "tmpfs:%" PRIu64, config->tmpfs_bytes) < 0) {
		*buffer = NULL;
		return -ENOMEM;
	}
	*ret = *buffer;
	return 0;
}

#define DYING_WAIT_MS 5000
#define DYING_TICK_MS 10

/* A killed process ends its connection a moment before its lock. */
static int open_when_dead(const struct sfs_registry_entry *entry,
			  const char *source, uint64_t limit,
			  struct sfs_store **ret)
{
	const struct timespec tick = { .tv_nsec = DYING_TICK_MS * 1000000 };
	int err = -EBUSY;

	for (int ms = 0; err == -EBUSY && ms < DYING_WAIT_MS;
	     ms += DYING_TICK_MS) {
		if (ms > 0)
			nanosleep(&tick, NULL);
		err = sfs_store_open(entry->store, source, limit, ret);
		if (err == -EBUSY && sfs_registry_is_alive(entry))
			break;
	}
	return err;
}

static int take_over(struct sfs_session *session, struct sfs_store **ret)
{
	const struct sfs_registry_entry *heritage = session->heritage;
	uint64_t limit = session->config->size_bytes;
	int err = open_when_dead(heritage, session->source,
				 limit ? limit : heritage->limit_bytes, ret);

	if (err == 0)
		sfs_msg("the scratch of the killed view is back");
	else if (err == -EBUSY)
		sfs_msg("the scratch of %s is still in use by process %d",
			session->mountpoint, heritage->pid);
	return err;
}

static int open_ephemeral(struct sfs_session *session, struct sfs_store **ret)
{
	const struct sfs_config *config = session->config;
	SFS_FREE char *buffer = NULL;
	const char *place;
	int err = -ENOENT;

	if (session->heritage)
		err = take_over(session, ret);
	if (err != -ENOENT)
		return err;
	err = store_place(config, &buffer, &place);
	if (err < 0)
		return err;
	return sfs_store_new_ephemeral(place, session->source,
				       config->size_bytes, ret);
}

static int open_volume(struct sfs_session *session, const char *name,
		       struct sfs_store **ret)
{
	const struct sfs_config *config = session->config;
	const struct sfs_volume_spec *spec = sfs_config_volume(config, name);
	bool is_default = config->volume && strcmp(name, config->volume) == 0;
	struct sfs_store_volume_options options = {
		.create = true,
		/* Whoever names it on the command line knows which it is. */
		.check_source = !is_default,
		.size_bytes = spec && spec->has_size ? spec->size_bytes : 0,
	};

	if (is_default && config->size_bytes)
		options.size_bytes = config->size_bytes;
	return sfs_store_open_volume(name, session->source, &options, ret);
}

/* The index of the store for a volume, opened on first sight. */
static int store_of_volume(struct sfs_session *session, const char *name,
			   unsigned int *ret)
{
	for (unsigned int i = 0; i < session->n_stores; i++) {
		const char *volume = session->stores[i]->volume;

		if (volume && strcmp(volume, name) == 0) {
			*ret = i;
			return 0;
		}
	}
	int err =
		open_volume(session, name, &session->stores[session->n_stores]);
	if (err == 0)
		*ret = session->n_stores++;
	return err;
}

static int open_volumes_of_rules(struct sfs_session *session)
{
	struct sfs_rules *rules = session->config->scratch;
	int count = sfs_rules_count(rules);

	for (int i = 0; i < count; i++) {
		const struct sfs_rule *rule = sfs_rules_get(rules, i);
		unsigned int store = 0;

		if (!rule->volume || rule->negated)
			continue;
		int err = store_of_volume(session, rule->volume, &store);
		if (err < 0)
			return err;
		sfs_rules_set_store(rules, i, store);
	}
	return 0;
}

int sfs_session_open_stores(struct sfs_session *session)
{
	const struct sfs_config *config = session->config;
	size_t max = 1 + config->volume_count;
	int err;

	session->stores = calloc(max, sizeof(struct sfs_store *));
	if (!session->stores)
		return -ENOMEM;
	if (config->volume)
		err = open_volume(session, config->volume, session->stores);
	else
		err = open_ephemeral(session, session->stores);
	if (err < 0)
		return err;
	session->n_stores = 1;
	return open_volumes_of_rules(session);
}

static int fill_entry(struct sfs_session *session)
{
	struct sfs_registry_entry *entry = session->entry;
	const struct sfs_store *first = session->stores[0];
	int err = sfs_registry_entry_set(&entry->mountpoint,
					 sfs_session_shown_at(session));

	if (err == 0)
		err = sfs_registry_entry_set(&entry->source, session->source);
	if (err == 0 && first->path)
		err = sfs_registry_entry_set(&entry->store, first->path);
	if (err == 0 && !first->volume)
		err = sfs_registry_entry_set(&entry->id, first->id);
	for (unsigned int i = 0; err == 0 && i < session->n_stores; i++)
		if (session->stores[i]->volume)
			err = sfs_registry_entry_add_volume(
				entry, session->stores[i]->volume);
	entry->device = session->device;
	if (session->config->passes_through) {
		entry->private_ns = true;
		entry->mount_ns = 0;
	}
	entry->limit_bytes = first->volume ? 0 : first->limit_bytes;
	return err;
}

int sfs_session_register(struct sfs_session *session)
{
	int err = sfs_registry_entry_new(&session->entry);

	if (err == 0)
		err = fill_entry(session);
	if (err == 0)
		err = sfs_registry_write(session->entry);
	if (err < 0)
		sfs_msg_errno(-err,
			      "cannot write down which store belongs to "
			      "%s",
			      session->mountpoint);
	return err;
}

static void discard(struct sfs_store *store)
{
	int err = sfs_store_discard(store);

	if (err == 0)
		err = sfs_discard_run(store);
	if (err < 0)
		sfs_msg_errno(-err, "some scratch of %s is left in %s",
			      store->source, store->path ? store->path : "?");
}

/* It is a dead view's, and this one has not been there to be used. */
static bool is_inherited(const struct sfs_session *session)
{
	return session->heritage && !session->served;
}

void sfs_session_set_aside(struct sfs_session *session)
{
	struct sfs_store *first = session->n_stores ? session->stores[0] : NULL;

	if (first && !first->volume && !is_inherited(session) &&
	    !atomic_load(&session->keep_as))
		(void)sfs_store_discard(first);
}

/* The scratch of the mount, at its end. */
static void end_ephemeral(struct sfs_session *session, struct sfs_store *store)
{
	SFS_FREE char *name = atomic_exchange(&session->keep_as, NULL);

	if (is_inherited(session))
		return;
	if (!name)
		discard(store);
	else if (sfs_store_keep_as_volume(store, name, session->source) < 0)
		sfs_msg("the scratch of %s is in %s until the next mount "
			"collects it",
			session->source, store->path ? store->path : "?");
}

void sfs_session_end_stores(struct sfs_session *session)
{
	for (unsigned int i = 0; i < session->n_stores; i++)
		if (!session->stores[i]->volume)
			end_ephemeral(session, session->stores[i]);
	if (session->entry && (session->served || !session->heritage))
		sfs_registry_remove(session->entry->id);
}

void sfs_session_close_stores(struct sfs_session *session)
{
	for (unsigned int i = 0; i < session->n_stores; i++)
		sfs_store_close(session->stores[i]);
	free(session->stores);
	sfs_registry_entry_free(session->entry);
	sfs_registry_entry_free(session->heritage);
}
