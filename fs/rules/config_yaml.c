/* SPDX-License-Identifier: MIT */
#include "config_yaml.h"

#include "scratchfs/config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#define NODES_MAX 100000u

struct builder {
	const struct sfs_document *document;
	yaml_parser_t parser;
	struct sfs_yaml_node *root;
	struct sfs_yaml_node *open[SFS_CONFIG_DEPTH_MAX];
	unsigned depth;
	unsigned documents;
	unsigned nodes;
	bool done;
};

void sfs_yaml_free(struct sfs_yaml_node *root)
{
	/* Depth is bounded, so recursion is; siblings are many. */
	while (root) {
		struct sfs_yaml_node *next = root->next;

		sfs_yaml_free(root->first);
		sfs_yaml_free(root->value);
		free(root->text);
		free(root);
		root = next;
	}
}

static int complain_mark(const struct builder *b, const yaml_mark_t *mark,
			 const char *what)
{
	return sfs_complain(b->document, mark->line + 1, mark->column + 1, "%s",
			    what);
}

static const char *const no_alias =
	"aliases are not understood; '*' begins one; put a pattern in quotes: "
	"'*.log'";

/* Bytes that are no text. */
static int complain_encoding(const struct builder *b)
{
	size_t line, column;

	sfs_document_locate(b->document, b->parser.problem_offset, &line,
			    &column);
	return sfs_complain(b->document, line, column,
			    "not valid YAML; %s; write the file in UTF-8",
			    b->parser.problem);
}

/* The parser's own error, in words for people who write patterns. */
static int complain_parser(const struct builder *b)
{
	const yaml_parser_t *p = &b->parser;
	const yaml_mark_t *mark = &p->problem_mark;
	const char *at;

	if (p->error == YAML_MEMORY_ERROR)
		return -ENOMEM;
	if (p->error == YAML_READER_ERROR)
		return complain_encoding(b);
	if (p->context && strstr(p->context, "alias"))
		return complain_mark(b, &p->context_mark, no_alias);
	at = sfs_document_find(b->document, mark->line + 1, mark->column + 1);
	if (at && *at == '\t')
		return complain_mark(b, mark,
				     "a tab; YAML is indented by spaces; "
				     "replace it");
	/* What is missing at the end was begun somewhere. */
	if (p->context && !at)
		mark = &p->context_mark;
	return sfs_complain(b->document, mark->line + 1, mark->column + 1,
			    "not valid YAML; %s; check indentation and quotes "
			    "(a pattern with a special first letter needs "
			    "them: '[ab]*')",
			    p->problem ? p->problem : "it cannot be parsed");
}

/* Puts a node where it belongs; it is freed on failure. */
static int attach(struct builder *b, struct sfs_yaml_node *node)
{
	struct sfs_yaml_node *parent = b->depth ? b->open[b->depth - 1] : NULL;

	if (!parent) {
		b->root = node;
		return 0;
	}
	if (parent->kind == SFS_YAML_MAP && parent->last &&
	    !parent->last->value) {
		parent->last->value = node;
		return 0;
	}
	if (parent->kind == SFS_YAML_MAP && node->kind != SFS_YAML_SCALAR) {
		int r = sfs_complain(b->document, node->line, node->column,
				     "a key must be a word; this is a list or "
				     "a map; put it in quotes if it is a "
				     "pattern");

		sfs_yaml_free(node);
		return r;
	}
	if (parent->last)
		parent->last->next = node;
	else
		parent->first = node;
	parent->last = node;
	return 0;
}

static int add_node(struct builder *b, enum sfs_yaml_kind kind,
		    const yaml_event_t *event, struct sfs_yaml_node **ret_node)
{
	struct sfs_yaml_node *node;

	if (++b->nodes > NODES_MAX)
		return complain_mark(b, &event->start_mark,
				     "too many values; a configuration may "
				     "have 100000; use fewer patterns");
	node = calloc(1, sizeof(*node));
	if (!node)
		return -ENOMEM;
	node->kind = kind;
	node->line = event->start_mark.line + 1;
	node->column = event->start_mark.column + 1;
	if (kind == SFS_YAML_SCALAR) {
		node->text = strdup((const char *)event->data.scalar.value);
		node->empty =
			event->data.scalar.length == 0 &&
			event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
		if (!node->text) {
			free(node);
			return -ENOMEM;
		}
	}
	*ret_node = node;
	return attach(b, node);
}

static int refuse_properties(const struct builder *b, const yaml_event_t *event,
			     const yaml_char_t *anchor, const yaml_char_t *tag)
{
	if (anchor)
		return complain_mark(b, &event->start_mark,
				     "anchors are not understood; '&' marks "
				     "one; put the word in quotes");
	if (tag)
		return complain_mark(b, &event->start_mark,
				     "tags are not understood; '!' begins one; "
				     "put a pattern that re-includes in "
				     "quotes: '!name'");
	return 0;
}

static int add_scalar(struct builder *b, const yaml_event_t *event)
{
	struct sfs_yaml_node *node;
	int r = refuse_properties(b, event, event->data.scalar.anchor,
				  event->data.scalar.tag);

	if (r < 0)
		return r;
	if (memchr(event->data.scalar.value, '\0', event->data.scalar.length))
		return complain_mark(b, &event->start_mark,
				     "a NUL character; no file name can hold "
				     "one; remove it");
	return add_node(b, SFS_YAML_SCALAR, event, &node);
}

static int add_open(struct builder *b, const yaml_event_t *event)
{
	bool list = event->type == YAML_SEQUENCE_START_EVENT;
	struct sfs_yaml_node *node = NULL; /* compilers see no further */
	int r;

	r = list ? refuse_properties(b, event,
				     event->data.sequence_start.anchor,
				     event->data.sequence_start.tag)
		 : refuse_properties(b, event, event->data.mapping_start.anchor,
				     event->data.mapping_start.tag);
	if (r < 0)
		return r;
	if (b->depth == SFS_CONFIG_DEPTH_MAX)
		return complain_mark(b, &event->start_mark,
				     "nested too deeply; 16 levels are "
				     "allowed; a configuration needs 5");
	r = add_node(b, list ? SFS_YAML_LIST : SFS_YAML_MAP, event, &node);
	if (r == 0)
		b->open[b->depth++] = node;
	return r;
}

static int take_event(struct builder *b, const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_DOCUMENT_START_EVENT:
		if (++b->documents > 1)
			return complain_mark(b, &event->start_mark,
					     "a second document; a "
					     "configuration is one; remove "
					     "the '---'");
		return 0;
	case YAML_ALIAS_EVENT:
		return complain_mark(b, &event->start_mark, no_alias);
	case YAML_SCALAR_EVENT:
		return add_scalar(b, event);
	case YAML_SEQUENCE_START_EVENT:
	case YAML_MAPPING_START_EVENT:
		return add_open(b, event);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		b->depth--;
		return 0;
	case YAML_STREAM_END_EVENT:
		b->done = true;
		return 0;
	case YAML_NO_EVENT:
	case YAML_STREAM_START_EVENT:
	case YAML_DOCUMENT_END_EVENT:
		break;
	}
	return 0;
}

static int build(struct builder *b)
{
	int r = 0;

	while (r == 0 && !b->done) {
		yaml_event_t event;

		if (!yaml_parser_parse(&b->parser, &event))
			return complain_parser(b);
		r = take_event(b, &event);
		yaml_event_delete(&event);
	}
	return r;
}

int sfs_yaml_parse(const struct sfs_document *document,
		   struct sfs_yaml_node **ret_root)
{
	struct builder b = { .document = document };
	int r;

	if (!yaml_parser_initialize(&b.parser))
		return -ENOMEM;
	yaml_parser_set_encoding(&b.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&b.parser,
				     (const unsigned char *)document->text,
				     document->size);
	r = build(&b);
	yaml_parser_delete(&b.parser);
	if (r < 0) {
		sfs_yaml_free(b.root);
		return r;
	}
	*ret_root = b.root;
	return 0;
}
