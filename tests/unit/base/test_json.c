/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "scratchfs/cleanup.h"
#include "scratchfs/json.h"

struct sink {
	struct sfs_json json;
	FILE *file;
	char *text;
	size_t size;
};

static int open_sink(void **state)
{
	struct sink *sink = calloc(1, sizeof(*sink));

	if (!sink)
		return -1;
	sink->file = open_memstream(&sink->text, &sink->size);
	sfs_json_init(&sink->json, sink->file);
	*state = sink;
	return 0;
}

static int close_sink(void **state)
{
	struct sink *sink = *state;

	fclose(sink->file);
	free(sink->text);
	free(sink);
	return 0;
}

static void assert_written(struct sink *sink, const char *expected)
{
	assert_int_equal(sfs_json_finish(&sink->json), 0);
	assert_string_equal(sink->text, expected);
}

static void nests_and_separates(void **state)
{
	struct sink *sink = *state;
	struct sfs_json *json = &sink->json;

	sfs_json_begin_array(json);
	sfs_json_begin_object(json);
	sfs_json_key(json, "name");
	sfs_json_string(json, "a");
	sfs_json_key(json, "sizes");
	sfs_json_begin_array(json);
	sfs_json_uint(json, 0);
	sfs_json_uint(json, UINT64_MAX);
	sfs_json_end_array(json);
	sfs_json_key(json, "none");
	sfs_json_begin_object(json);
	sfs_json_end_object(json);
	sfs_json_end_object(json);
	sfs_json_bool(json, true);
	sfs_json_bool(json, false);
	sfs_json_null(json);
	sfs_json_end_array(json);
	assert_written(sink, "[\n"
			     "  {\n"
			     "    \"name\": \"a\",\n"
			     "    \"sizes\": [\n"
			     "      0,\n"
			     "      18446744073709551615\n"
			     "    ],\n"
			     "    \"none\": {}\n"
			     "  },\n"
			     "  true,\n"
			     "  false,\n"
			     "  null\n"
			     "]\n");
}

static void members_are_keys_with_values(void **state)
{
	struct sink *sink = *state;
	struct sfs_json *json = &sink->json;

	sfs_json_begin_object(json);
	sfs_json_member_string(json, "name", "a");
	sfs_json_member_string(json, "volume", NULL);
	sfs_json_member_uint(json, "size", UINT64_MAX);
	sfs_json_member_bool(json, "old", true);
	sfs_json_end_object(json);
	assert_written(sink, "{\n"
			     "  \"name\": \"a\",\n"
			     "  \"volume\": null,\n"
			     "  \"size\": 18446744073709551615,\n"
			     "  \"old\": true\n"
			     "}\n");
}

static void empty_array_on_one_line(void **state)
{
	struct sink *sink = *state;

	sfs_json_begin_array(&sink->json);
	sfs_json_end_array(&sink->json);
	assert_written(sink, "[]\n");
}

static void escapes_what_must_be(void **state)
{
	struct sink *sink = *state;

	sfs_json_string(&sink->json, "a\"b\\c\n\t\r\x01\x1b[0m\x7f/'");
	assert_written(sink, "\"a\\\"b\\\\c\\n\\t\\u000d\\u0001\\u001b[0m"
			     "\\u007f/'\"\n");
}

static void keeps_valid_utf8(void **state)
{
	struct sink *sink = *state;

	sfs_json_string(&sink->json, "\xc3\xa9 \xe2\x82\xac \xed\x9f\xbf "
				     "\xf0\x9f\x98\x80 \xf4\x8f\xbf\xbf");
	assert_written(sink, "\"\xc3\xa9 \xe2\x82\xac \xed\x9f\xbf "
			     "\xf0\x9f\x98\x80 \xf4\x8f\xbf\xbf\"\n");
}

/* Lone and overlong bytes, a surrogate, beyond U+10FFFF, cut short. */
static void marks_bytes_that_are_not_utf8(void **state)
{
	struct sink *sink = *state;

	sfs_json_string(&sink->json,
			"\xff|\x80|\xc0\xaf|\xe0\x80\x80|\xed\xa0\x80|"
			"\xf4\x90\x80\x80|\xe2\x82");
	assert_written(sink, "\"\\udcff|\\udc80|\\udcc0\\udcaf|"
			     "\\udce0\\udc80\\udc80|\\udced\\udca0\\udc80|"
			     "\\udcf4\\udc90\\udc80\\udc80|\\udce2\\udc82\"\n");
}

static void null_string_is_null(void **state)
{
	struct sink *sink = *state;

	sfs_json_string(&sink->json, NULL);
	assert_written(sink, "null\n");
}

static void times_are_rfc_3339(void **state)
{
	struct sink *sink = *state;
	struct sfs_json *json = &sink->json;

	sfs_json_begin_array(json);
	sfs_json_time(json, (struct timespec){ 1769862896, 789 });
	sfs_json_time(json, (struct timespec){ -1, 0 });
	sfs_json_time(json, (struct timespec){ INT64_MAX, 0 });
	sfs_json_time(json, (struct timespec){ 253402300800, 0 });
	sfs_json_end_array(json);
	assert_written(sink, "[\n"
			     "  \"2026-01-31T12:34:56.000000789Z\",\n"
			     "  \"1969-12-31T23:59:59.000000000Z\",\n"
			     "  null,\n"
			     "  null\n"
			     "]\n");
}

static void a_full_disk_is_reported(void **state)
{
	SFS_FCLOSE FILE *full = fopen("/dev/full", "w");
	struct sfs_json json;

	(void)state;
	if (!full)
		skip();
	sfs_json_init(&json, full);
	sfs_json_string(&json, "lost");
	assert_int_equal(sfs_json_finish(&json), -EIO);
}

#define sink_test(test) \
	cmocka_unit_test_setup_teardown(test, open_sink, close_sink)

int main(void)
{
	const struct CMUnitTest tests[] = {
		sink_test(nests_and_separates),
		sink_test(members_are_keys_with_values),
		sink_test(empty_array_on_one_line),
		sink_test(escapes_what_must_be),
		sink_test(keeps_valid_utf8),
		sink_test(marks_bytes_that_are_not_utf8),
		sink_test(null_string_is_null),
		sink_test(times_are_rfc_3339),
		cmocka_unit_test(a_full_disk_is_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
