/* SPDX-License-Identifier: MIT */
#include "node_table.h"

enum {
	FIRST_CHAINS = 1024,
	NEXT_NUMBER_SHIFT = 44 /* git keeps the low 32 bits */
};

static size_t chain_of(const struct sfs_view *view, const struct sfs_key *key)
{
	uint64_t h = key->ino * 0x9e3779b97f4a7c15u;

	h ^= (uint64_t)key->device << 1 | key->scratch;
	h *= 0xff51afd7ed558ccdu;
	return (size_t)(h >> 32) & (view->n_chains - 1);
}

static struct sfs_key key_of(const struct sfs_node *node)
{
	return (struct sfs_key){ sfs_node_is(node, SFS_NODE_SCRATCH),
				 node->device, node->ino };
}

static bool has_key(const struct sfs_node *node, const struct sfs_key *key)
{
	return node->ino == key->ino && node->device == key->device &&
	       sfs_node_is(node, SFS_NODE_SCRATCH) == key->scratch;
}

struct sfs_node *sfs_table_find(const struct sfs_view *view,
				const struct sfs_key *key)
{
	struct sfs_node *node = view->chains[chain_of(view, key)];

	while (node && !has_key(node, key))
		node = node->next;
	return node;
}

static struct sfs_node **shown_chain(struct sfs_view *view, uint64_t number)
{
	return &view->shown[number % SFS_SHOWN_CHAINS];
}

static bool is_shown(const struct sfs_view *view, uint64_t number)
{
	const struct sfs_node *node = view->shown[number % SFS_SHOWN_CHAINS];

	while (node && node->shown_ino != number)
		node = node->next_shown;
	return node;
}

uint64_t sfs_table_number(const struct sfs_view *view,
			  const struct sfs_key *key)
{
	uint64_t number = sfs_device_ino(key->device, key->ino);

	while (is_shown(view, number))
		number += UINT64_C(1) << NEXT_NUMBER_SHIFT;
	return number;
}

static void unfile_shown(struct sfs_view *view, struct sfs_node *node)
{
	struct sfs_node **at = shown_chain(view, node->shown_ino);

	while (*at && *at != node)
		at = &(*at)->next_shown;
	if (*at)
		*at = node->next_shown;
	node->next_shown = NULL;
}

void sfs_table_file_shown(struct sfs_view *view, struct sfs_node *node)
{
	struct sfs_node **chain = shown_chain(view, node->shown_ino);

	unfile_shown(view, node);
	if (node->shown_ino == sfs_device_ino(node->device, node->ino))
		return;
	node->next_shown = *chain;
	*chain = node;
}

void sfs_table_add(struct sfs_view *view, struct sfs_node *node)
{
	struct sfs_key key = key_of(node);
	struct sfs_node **chain = &view->chains[chain_of(view, &key)];

	node->next = *chain;
	*chain = node;
	node->flags |= SFS_NODE_HASHED;
	view->n_nodes++;
	sfs_table_file_shown(view, node);
}

void sfs_table_remove(struct sfs_view *view, struct sfs_node *node)
{
	struct sfs_key key = key_of(node);
	bool hashed = sfs_node_is(node, SFS_NODE_HASHED);
	struct sfs_node **at =
		hashed ? &view->chains[chain_of(view, &key)] : &view->displaced;

	unfile_shown(view, node);
	while (*at && *at != node)
		at = &(*at)->next;
	if (!*at)
		return;
	*at = node->next;
	if (hashed)
		view->n_nodes--;
	node->flags &= (uint16_t)~SFS_NODE_HASHED;
}

void sfs_table_displace(struct sfs_view *view, struct sfs_node *node)
{
	sfs_table_remove(view, node);
	node->next = view->displaced;
	view->displaced = node;
}

static struct sfs_node **named_chain(struct sfs_view *view,
				     const struct sfs_node *folder,
				     const char *name)
{
	uint64_t h = (uintptr_t)folder;

	for (const char *c = name; *c; c++)
		h = (h ^ (unsigned char)*c) * 0x100000001b3u;
	return &view->named[(h ^ h >> 32) % SFS_NAMED_CHAINS];
}

void sfs_table_unfile_name(struct sfs_node *node)
{
	if (!node->named_at)
		return;
	*node->named_at = node->next_named;
	if (node->next_named)
		node->next_named->named_at = node->named_at;
	node->next_named = NULL;
	node->named_at = NULL;
}

void sfs_table_file_name(struct sfs_view *view, struct sfs_node *node)
{
	struct sfs_node **chain;

	if (!node->parent)
		return;
	chain = named_chain(view, node->parent, node->name);
	node->next_named = *chain;
	if (*chain)
		(*chain)->named_at = &node->next_named;
	node->named_at = chain;
	*chain = node;
}

struct sfs_node *sfs_node_named(struct sfs_view *view,
				const struct sfs_node *folder, const char *name)
{
	struct sfs_node *node;

	pthread_mutex_lock(&view->table);
	node = *named_chain(view, folder, name);
	while (node && (node->parent != folder || strcmp(node->name, name)))
		node = node->next_named;
	if (node)
		node->refs++;
	pthread_mutex_unlock(&view->table);
	return node;
}

void sfs_node_tell(struct sfs_view *view, struct sfs_node *node)
{
	pthread_mutex_lock(&view->table);
	node->nlookup++;
	pthread_mutex_unlock(&view->table);
}

void sfs_node_retire(struct sfs_view *view, struct sfs_node *node)
{
	pthread_mutex_lock(&view->table);
	sfs_table_displace(view, node);
	pthread_mutex_unlock(&view->table);
}

/* The new, larger array is made without the lock and filled with it. */
void sfs_table_grow(struct sfs_view *view, size_t n_chains)
{
	struct sfs_node **bigger = calloc(n_chains, sizeof(*bigger));
	struct sfs_node **old;
	size_t n_old;

	if (!bigger)
		return; /* longer chains, nothing worse */
	pthread_mutex_lock(&view->table);
	old = view->chains;
	n_old = view->n_chains;
	if (n_old < n_chains) {
		view->chains = bigger;
		view->n_chains = n_chains;
		view->n_nodes = 0;
		for (size_t i = 0; i < n_old; i++)
			for (struct sfs_node *n = old[i], *next; n; n = next) {
				next = n->next;
				sfs_table_add(view, n);
			}
		bigger = old;
	}
	pthread_mutex_unlock(&view->table);
	free(bigger);
}

int sfs_node_table_init(struct sfs_view *view)
{
	view->chains = calloc(FIRST_CHAINS, sizeof(*view->chains));
	view->n_chains = FIRST_CHAINS;
	return view->chains ? 0 : -ENOMEM;
}

/* References to the nodes of one chain, or behind the last one the displaced;
 * allocated. */
static size_t nodes_of_chain(struct sfs_view *view, size_t chain,
			     struct sfs_node ***ret)
{
	size_t n = 0, room = 0;

	*ret = NULL;
	for (;;) {
		size_t found = 0;

		pthread_mutex_lock(&view->table);
		struct sfs_node *first = chain < view->n_chains
						 ? view->chains[chain]
						 : view->displaced;

		for (struct sfs_node *i = first; i; i = i->next)
			found++;
		for (; found <= room && first; first = first->next) {
			first->refs++;
			(*ret)[n++] = first;
		}
		pthread_mutex_unlock(&view->table);
		if (found <= room)
			return n;
		free(*ret);
		room = found + 4;
		*ret = calloc(room, sizeof(**ret));
		if (!*ret)
			return 0;
	}
}

void sfs_node_each(struct sfs_view *view,
		   void (*fn)(void *ctx, struct sfs_node *node), void *ctx)
{
	for (size_t chain = 0; chain <= view->n_chains; chain++) {
		struct sfs_node **nodes;
		size_t n = nodes_of_chain(view, chain, &nodes);

		for (size_t i = 0; i < n; i++) {
			fn(ctx, nodes[i]);
			sfs_node_put(view, nodes[i]);
		}
		free(nodes);
	}
}
