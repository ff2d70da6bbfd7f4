/* SPDX-License-Identifier: MIT */
#include "charge.h"
#include "node_table.h"
#include "watch.h"

struct sfs_node *sfs_node_root(struct sfs_view *view)
{
	return view->root;
}

struct sfs_node *sfs_node_get(struct sfs_view *view, struct sfs_node *node)
{
	pthread_mutex_lock(&view->table);
	node->refs++;
	pthread_mutex_unlock(&view->table);
	return node;
}

/* Gives counts back; frees the node and whatever ancestor then has none. */
static void release(struct sfs_view *view, struct sfs_node *node, uint32_t refs,
		    uint64_t nlookup)
{
	while (node) {
		struct sfs_node *parent = NULL;
		bool last;

		pthread_mutex_lock(&view->table);
		node->refs -= refs;
		node->nlookup -=
			nlookup < node->nlookup ? nlookup : node->nlookup;
		if (!node->nlookup)
			node->known_s = 0;
		last = !node->refs && !node->nlookup;
		view->n_freed += last;
		if (last) {
			sfs_table_remove(view, node);
			sfs_table_unfile_name(node);
			parent = node->parent;
		}
		pthread_mutex_unlock(&view->table);
		if (!last)
			return;
		sfs_watch_forget(view, node);
		sfs_charge_forget(view, node);
		sfs_fd_drop(view, node);
		free(node->name);
		free(node);
		node = parent;
		refs = 1;
		nlookup = 0;
	}
}

bool sfs_node_get_live(struct sfs_view *view, struct sfs_node *node)
{
	bool live;

	pthread_mutex_lock(&view->table);
	live = node->refs || node->nlookup;
	if (live)
		node->refs++;
	pthread_mutex_unlock(&view->table);
	return live;
}

void sfs_node_put(struct sfs_view *view, struct sfs_node *node)
{
	release(view, node, 1, 0);
}

void sfs_node_forget(struct sfs_view *view, struct sfs_node *node, uint64_t n)
{
	release(view, node, 0, n);
}

int sfs_node_name(struct sfs_view *view, struct sfs_node *node,
		  struct sfs_node **ret_parent, char ret_name[256])
{
	int r = -ENOENT;

	pthread_mutex_lock(&view->table);
	if (node->parent) {
		node->parent->refs++;
		*ret_parent = node->parent;
		strcpy(ret_name, node->name);
		r = 0;
	}
	pthread_mutex_unlock(&view->table);
	return r;
}

bool sfs_node_has_name(struct sfs_view *view, struct sfs_node *node,
		       struct sfs_node *parent, const char *name)
{
	bool same;

	pthread_mutex_lock(&view->table);
	same = node->parent == parent && !strcmp(node->name, name);
	pthread_mutex_unlock(&view->table);
	return same;
}

/* Length of the path, or -1 for a node that hangs in the air. Table locked. */
static ssize_t path_length(const struct sfs_view *view,
			   const struct sfs_node *node)
{
	ssize_t length = 0;

	for (; node != view->root; node = node->parent) {
		if (!node->parent)
			return -1;
		length += (ssize_t)strlen(node->name) + 1;
	}
	return length;
}

/* The end of the path is written first. Table locked. */
static void path_fill(const struct sfs_view *view, const struct sfs_node *node,
		      char *end)
{
	for (; node != view->root; node = node->parent) {
		size_t n = strlen(node->name);

		*--end = '/';
		end -= n;
		memcpy(end, node->name, n);
	}
}

int sfs_node_path(struct sfs_view *view, struct sfs_node *node,
		  const char *name, char **ret_path)
{
	size_t tail = name ? strlen(name) : 0;

	for (;;) {
		ssize_t length, again;
		char *path;

		pthread_mutex_lock(&view->table);
		length = path_length(view, node);
		pthread_mutex_unlock(&view->table);
		if (length < 0)
			return -ENOENT;
		path = malloc((size_t)length + tail + 1);
		if (!path)
			return -ENOMEM;
		pthread_mutex_lock(&view->table);
		again = path_length(view, node);
		if (again == length)
			path_fill(view, node, path + length);
		pthread_mutex_unlock(&view->table);
		if (again == length) {
			if (tail)
				memcpy(path + length, name, tail);
			else if (length)
				length--;
			path[(size_t)length + tail] = '\0';
			*ret_path = path;
			return 0;
		}
		free(path);
	}
}

pthread_rwlock_t *sfs_node_lock(struct sfs_view *view,
				const struct sfs_node *node)
{
	uintptr_t h = (uintptr_t)node / sizeof(*node);

	return &view->node_locks[h % SFS_NODE_LOCKS];
}

void sfs_node_show(const struct sfs_node *node, struct stat *st)
{
	st->st_ino = node->shown_ino;
	/* Deleted in the view, not on the host. */
	if (node->flags & SFS_NODE_UNLINKED && node->tree == SFS_TREE_HOST &&
	    sfs_node_is(node, SFS_NODE_SCRATCH))
		st->st_nlink = 0;
}

/* What a folder's children are matched against. */
struct states {
	uint32_t scratch, readonly;
};

static int states_of(struct sfs_view *view, const struct sfs_node *parent,
		     const char *name, const struct sfs_where *where,
		     struct states *ret)
{
	int r = 0;

	*ret = (struct states){ SFS_RULES_ROOT, SFS_RULES_ROOT };
	if (!S_ISDIR(where->st.st_mode) || where->scratch)
		return 0;
	if (!(where->flags & SFS_NODE_IN_GIT))
		r = sfs_rules_enter(view->params.scratch, parent->state, name,
				    &ret->scratch);
	if (!r && view->params.readonly)
		r = sfs_rules_enter(view->params.readonly,
				    parent->readonly_state, name,
				    &ret->readonly);
	return r;
}

/* Most look-ups find what the last one found: no need to lock the bus. */
#define set(field, value)                               \
	do {                                            \
		if (*(field) != (value))                \
			atomic_store((field), (value)); \
	} while (0)

static void set_from_where(struct sfs_node *node, const struct sfs_where *where,
			   const struct states *states)
{
	uint16_t keep = node->flags & (SFS_NODE_HASHED | SFS_NODE_OWES);

	set(&node->flags, (uint16_t)(where->flags | keep));
	set(&node->rule, where->rule);
	set(&node->store, where->store);
	set(&node->tree, where->tree);
	set(&node->state, states->scratch);
	set(&node->readonly_state, states->readonly);
	if (where->tree != SFS_TREE_HOST)
		node->birth_ns = 0;
	else if (where->birth_ns)
		node->birth_ns = where->birth_ns;
}

/* The host gave the number of a former object to another one. */
static bool is_reused(const struct sfs_node *node,
		      const struct sfs_where *where)
{
	if (node->type != (where->st.st_mode & S_IFMT) >> 12)
		return true;
	return where->tree == SFS_TREE_HOST && where->birth_ns &&
	       node->birth_ns && node->birth_ns != where->birth_ns;
}

/* Leaves the former name and returns the former parent.  Table locked. */
static struct sfs_node *exchange_name(struct sfs_view *view,
				      struct sfs_node *node,
				      struct sfs_node *parent, char **name)
{
	struct sfs_node *was = node->parent;
	char *old = node->name;

	sfs_table_unfile_name(node);
	node->parent = parent;
	node->name = *name;
	*name = old;
	sfs_table_file_name(view, node);
	node->known_s = 0;
	if (parent) {
		parent->refs++;
		node->flags &= (uint16_t)~SFS_NODE_UNLINKED;
	} else {
		node->flags |= SFS_NODE_UNLINKED;
		view->last_loss = ++view->rekeys;
	}
	return was;
}

/*
 * The host may have moved a folder below one of its former descendants: cut
 * the link that would close a ring.  Table locked.
 */
static void cut_ring(struct sfs_node *node, struct sfs_node *parent)
{
	for (struct sfs_node *p = parent; p->parent; p = p->parent)
		if (p->parent == node) {
			sfs_table_unfile_name(p);
			p->parent = NULL;
			node->refs--; /* the caller holds another count */
			return;
		}
}

/* A second link, or the host has moved it. Returns the former parent, whose
 * reference the caller then has to give back.  Table locked. */
static struct sfs_node *set_name(struct sfs_view *view, struct sfs_node *node,
				 struct sfs_node *parent, char **name)
{
	if (sfs_node_is(node, SFS_NODE_DIR))
		sfs_places_change(view);
	cut_ring(node, parent);
	return exchange_name(view, node, parent, name);
}

static bool is_named(const struct sfs_node *node, const struct sfs_node *parent,
		     const char *name)
{
	return node->parent == parent && !strcmp(node->name, name);
}

/* One attempt of sfs_node_make(). */
struct making {
	struct sfs_key key;
	const struct sfs_where *where;
	struct states states;
	struct sfs_node *fresh; /* NULL: not allocated yet */
	char *spare;		/* a copy of the name, or NULL */
	struct sfs_node *was;	/* a parent to give back */
	bool full;
};

/* Finds the node or puts the fresh one in.  0; 1: allocate and come again;
 * -EAGAIN.  Table locked. */
static int enter(struct sfs_view *view, struct sfs_node *parent,
		 const char *name, struct making *m, struct sfs_node **ret)
{
	struct sfs_node *node = sfs_table_find(view, &m->key);

	if (node && node != view->root && is_reused(node, m->where)) {
		sfs_table_displace(view, node);
		node = NULL;
	}
	if (!node) {
		if (view->rekeying || m->where->rekeys < view->last_rekey)
			return -EAGAIN;
		if (!m->fresh)
			return 1;
		node = sfs_steal_ptr(&m->fresh);
		node->name = sfs_steal_ptr(&m->spare);
		node->parent = parent;
		parent->refs++;
		sfs_table_file_name(view, node);
		node->shown_ino = sfs_table_number(view, &m->key);
		sfs_table_add(view, node);
		m->full = view->n_nodes > view->n_chains;
	} else if (sfs_node_is(node, SFS_NODE_UNLINKED) &&
		   m->where->rekeys < view->last_loss) {
		return -EAGAIN; /* the name that was found may be gone */
	} else if (node != view->root && !is_named(node, parent, name)) {
		if (!m->spare)
			return 1;
		m->was = set_name(view, node, parent, &m->spare);
	}
	set_from_where(node, m->where, &m->states);
	*ret = node;
	return 0;
}

static int make_ready(struct making *m, const char *name)
{
	m->spare = strdup(name);
	m->fresh = calloc(1, sizeof(*m->fresh));
	if (!m->spare || !m->fresh)
		return -ENOMEM;
	m->fresh->device = (uint16_t)m->key.device;
	m->fresh->ino = m->key.ino;
	m->fresh->type = (uint16_t)((m->where->st.st_mode & S_IFMT) >> 12);
	m->fresh->flags = m->where->flags & SFS_NODE_SCRATCH;
	return 0;
}

int sfs_node_make(struct sfs_view *view, struct sfs_node *parent,
		  const char *name, const struct sfs_where *where, bool lookup,
		  struct sfs_node **ret)
{
	struct making m = { .where = where };
	int r = states_of(view, parent, name, where, &m.states);

	m.key = (struct sfs_key){ where->scratch,
				  sfs_device_index(view, where->st.st_dev),
				  where->st.st_ino };
	while (!r) {
		pthread_mutex_lock(&view->table);
		r = enter(view, parent, name, &m, ret);
		while (r == -EAGAIN && view->rekeying)
			pthread_cond_wait(&view->rekeyed, &view->table);
		if (!r && lookup)
			(*ret)->nlookup++;
		else if (!r)
			(*ret)->refs++;
		pthread_mutex_unlock(&view->table);
		if (r != 1)
			break;
		r = make_ready(&m, name);
	}
	if (m.was)
		sfs_node_put(view, m.was);
	free(m.spare);
	free(m.fresh);
	if (m.full)
		sfs_table_grow(view, view->n_chains * 4);
	return r;
}

struct sfs_node *sfs_node_find(struct sfs_view *view, bool scratch,
			       const struct stat *st)
{
	struct sfs_key key = { scratch, sfs_device_index(view, st->st_dev),
			       st->st_ino };
	struct sfs_node *node;

	pthread_mutex_lock(&view->table);
	node = sfs_table_find(view, &key);
	if (node)
		node->refs++;
	pthread_mutex_unlock(&view->table);
	return node;
}

void sfs_rekey_begin(struct sfs_view *view)
{
	pthread_mutex_lock(&view->table);
	view->rekeying++;
	pthread_mutex_unlock(&view->table);
}

void sfs_rekey_end(struct sfs_view *view)
{
	pthread_mutex_lock(&view->table);
	if (!--view->rekeying)
		pthread_cond_broadcast(&view->rekeyed);
	pthread_mutex_unlock(&view->table);
}

void sfs_node_rekey(struct sfs_view *view, struct sfs_node *node, bool scratch,
		    unsigned int tree, const struct stat *st)
{
	struct sfs_key key = { scratch, sfs_device_index(view, st->st_dev),
			       st->st_ino };
	struct sfs_node *other;

	pthread_mutex_lock(&view->table);
	sfs_table_remove(view, node);
	other = sfs_table_find(view, &key);
	if (other)
		/* A dead one, whose number was given out again. */
		sfs_table_displace(view, other);
	node->device = (uint16_t)key.device;
	view->last_rekey = ++view->rekeys;
	node->ino = key.ino;
	node->birth_ns = 0;
	node->tree = (uint16_t)tree;
	node->flags &= (uint16_t)~SFS_NODE_SCRATCH;
	if (scratch)
		node->flags |= SFS_NODE_SCRATCH;
	sfs_table_add(view, node);
	pthread_mutex_unlock(&view->table);
}

int sfs_node_place(struct sfs_view *view, struct sfs_node *node,
		   struct sfs_node *parent, const char *name,
		   const struct sfs_where *where)
{
	struct sfs_key key = { where->scratch,
			       sfs_device_index(view, where->st.st_dev),
			       where->st.st_ino };
	struct states states;
	struct sfs_node *other;
	int r = states_of(view, parent, name, where, &states);

	if (r)
		return r;
	pthread_mutex_lock(&view->table);
	sfs_table_remove(view, node);
	other = sfs_table_find(view, &key);
	if (other)
		sfs_table_displace(view, other);
	node->device = (uint16_t)key.device;
	node->ino = key.ino;
	set_from_where(node, where, &states);
	sfs_table_add(view, node);
	view->last_rekey = ++view->rekeys;
	pthread_mutex_unlock(&view->table);
	return 0;
}

void sfs_node_rename(struct sfs_view *view, struct sfs_node *node,
		     struct sfs_node *parent, char *owned_name)
{
	struct sfs_node *was;

	pthread_mutex_lock(&view->table);
	was = exchange_name(view, node, parent, &owned_name);
	pthread_mutex_unlock(&view->table);
	free(owned_name);
	if (was)
		sfs_node_put(view, was);
}

void sfs_node_lose_name(struct sfs_view *view, struct sfs_node *node,
			struct sfs_node *parent, const char *name)
{
	struct sfs_node *was = NULL;
	char *old = NULL;

	pthread_mutex_lock(&view->table);
	if (is_named(node, parent, name))
		was = exchange_name(view, node, NULL, &old);
	pthread_mutex_unlock(&view->table);
	free(old);
	if (was)
		sfs_node_put(view, was);
}
