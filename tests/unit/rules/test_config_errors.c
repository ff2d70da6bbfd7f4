/* SPDX-License-Identifier: MIT */
/*
 * What is said about a configuration that is wrong, to the letter.  Every one
 * is one diagnostic: the place, the line, a caret, nothing else.
 */
#include "config_fixture.h"

struct example {
	const char *name;
	const char *yaml;
	const char *said;
};

/* clang-format off */
static const struct example examples[] = {
	{ "unknown_key",
	  "scrach: [a]\n",
	  "src/.scratchfs.yaml:1:1: unknown key 'scrach'; known "
	  "here: scratch, readonly, scratch_from, volumes, "
	  "profiles; did you mean 'scratch'?\n"
	  "scrach: [a]\n"
	  "^\n" },
	{ "unknown_key_far",
	  "scratch: [a]\n"
	  "bananas: 3\n",
	  "src/.scratchfs.yaml:2:1: unknown key 'bananas'; known "
	  "here: scratch, readonly, scratch_from, volumes, "
	  "profiles; remove it\n"
	  "bananas: 3\n"
	  "^\n" },
	{ "unknown_rule_key",
	  "scratch:\n"
	  "  - {glob: a, volumes: b}\n",
	  "src/.scratchfs.yaml:2:15: unknown key 'volumes'; known "
	  "here: glob, volume, existing, tracked; did you mean "
	  "'volume'?\n"
	  "  - {glob: a, volumes: b}\n"
	  "              ^\n" },
	{ "unknown_volume_key",
	  "volumes: {v: {sise: 1G}}\n",
	  "src/.scratchfs.yaml:1:15: unknown key 'sise'; known "
	  "here: size; did you mean 'size'?\n"
	  "volumes: {v: {sise: 1G}}\n"
	  "              ^\n" },
	{ "unknown_profile_key",
	  "profiles: {p: {scratsh: [a]}}\n",
	  "src/.scratchfs.yaml:1:16: unknown key 'scratsh'; known "
	  "here: scratch, scratch_from, readonly, volumes; did you "
	  "mean 'scratch'?\n"
	  "profiles: {p: {scratsh: [a]}}\n"
	  "               ^\n" },
	{ "duplicate_key",
	  "scratch: [a]\n"
	  "readonly: [b]\n"
	  "scratch: [c]\n",
	  "src/.scratchfs.yaml:3:1: duplicate key 'scratch'; line "
	  "1 has it already; keep one of them\n"
	  "scratch: [c]\n"
	  "^\n" },
	{ "duplicate_volume",
	  "volumes:\n"
	  "  a: {}\n"
	  "  a: {}\n",
	  "src/.scratchfs.yaml:3:3: duplicate key 'a'; line 2 has "
	  "it already; keep one of them\n"
	  "  a: {}\n"
	  "  ^\n" },
	{ "duplicate_rule_key",
	  "scratch: [{glob: a, glob: b}]\n",
	  "src/.scratchfs.yaml:1:21: duplicate key 'glob'; line 1 "
	  "has it already; keep one of them\n"
	  "scratch: [{glob: a, glob: b}]\n"
	  "                    ^\n" },
	{ "not_a_map",
	  "- a\n"
	  "- b\n",
	  "src/.scratchfs.yaml:1:1: a configuration must be a map; "
	  "this is a list; write 'scratch: [NAME]'\n"
	  "- a\n"
	  "^\n" },
	{ "not_a_list",
	  "scratch: logs\n",
	  "src/.scratchfs.yaml:1:10: 'scratch' must be a list; "
	  "this is a single word; write [A, B]\n"
	  "scratch: logs\n"
	  "         ^\n" },
	{ "a_map_for_a_list",
	  "scratch: {glob: a}\n",
	  "src/.scratchfs.yaml:1:10: 'scratch' must be a list; "
	  "this is a map; write [A, B]\n"
	  "scratch: {glob: a}\n"
	  "         ^\n" },
	{ "nothing_for_a_list",
	  "scratch:\n"
	  "readonly: [a]\n",
	  "src/.scratchfs.yaml:1:9: 'scratch' must be a list; this "
	  "is empty; write [A, B]\n"
	  "scratch:\n"
	  "        ^\n" },
	{ "list_in_a_list",
	  "scratch:\n"
	  "  - [a-z]*\n",
	  "src/.scratchfs.yaml:2:10: aliases are not understood; "
	  "'*' begins one; put a pattern in quotes: '*.log'\n"
	  "  - [a-z]*\n"
	  "         ^\n" },
	{ "rule_map_for_readonly",
	  "readonly: [{glob: a}]\n",
	  "src/.scratchfs.yaml:1:12: a pattern must be a word; "
	  "this is a map; put a pattern with [ or { in quotes\n"
	  "readonly: [{glob: a}]\n"
	  "           ^\n" },
	{ "empty_pattern",
	  "scratch: ['']\n",
	  "src/.scratchfs.yaml:1:11: bad pattern ''; it is empty "
	  "or a comment; patterns are those of gitignore(5)\n"
	  "scratch: ['']\n"
	  "          ^\n" },
	{ "comment_pattern",
	  "scratch: ['# x']\n",
	  "src/.scratchfs.yaml:1:11: bad pattern '# x'; it is "
	  "empty or a comment; patterns are those of gitignore(5)\n"
	  "scratch: ['# x']\n"
	  "          ^\n" },
	{ "bad_pattern",
	  "scratch:\n"
	  "  - logs\n"
	  "  - 'a[b'\n",
	  "src/.scratchfs.yaml:3:5: bad pattern 'a[b'; the [ is "
	  "never closed; patterns are those of gitignore(5)\n"
	  "  - 'a[b'\n"
	  "    ^\n" },
	{ "bad_pattern_unselected",
	  "profiles: {p: {scratch: ['a[']}}\n",
	  "src/.scratchfs.yaml:1:26: bad pattern 'a['; the [ is "
	  "never closed; patterns are those of gitignore(5)\n"
	  "profiles: {p: {scratch: ['a[']}}\n"
	  "                         ^\n" },
	{ "two_line_pattern",
	  "scratch: [\"a\\nb\"]\n",
	  "src/.scratchfs.yaml:1:11: bad pattern 'a?b'; it spans "
	  "several lines; patterns are those of gitignore(5)\n"
	  "scratch: [\"a\\nb\"]\n"
	  "          ^\n" },
	{ "missing_glob",
	  "scratch: [{volume: v}]\n",
	  "src/.scratchfs.yaml:1:11: a rule without a pattern; "
	  "'glob' is missing; write {glob: NAME}\n"
	  "scratch: [{volume: v}]\n"
	  "          ^\n" },
	{ "bad_existing",
	  "scratch: [{glob: a, existing: shwo}]\n",
	  "src/.scratchfs.yaml:1:31: 'shwo' is no value of "
	  "'existing'; it can be show, hide, core; did you mean "
	  "'show'?\n"
	  "scratch: [{glob: a, existing: shwo}]\n"
	  "                              ^\n" },
	{ "bad_tracked",
	  "scratch: [{glob: a, tracked: yes}]\n",
	  "src/.scratchfs.yaml:1:30: 'yes' is no value of "
	  "'tracked'; it can be core, ignore; choose one\n"
	  "scratch: [{glob: a, tracked: yes}]\n"
	  "                             ^\n" },
	{ "bad_size",
	  "volumes:\n"
	  "  v: {size: 1 gig}\n",
	  "src/.scratchfs.yaml:2:13: bad size '1 gig'; a size is "
	  "more than 0 and fits 63 bits; write it as 64M or 2G\n"
	  "  v: {size: 1 gig}\n"
	  "            ^\n" },
	{ "zero_size",
	  "volumes: {v: {size: 0}}\n",
	  "src/.scratchfs.yaml:1:21: bad size '0'; a size is more "
	  "than 0 and fits 63 bits; write it as 64M or 2G\n"
	  "volumes: {v: {size: 0}}\n"
	  "                    ^\n" },
	{ "huge_size",
	  "volumes: {v: {size: 99999999999T}}\n",
	  "src/.scratchfs.yaml:1:21: bad size '99999999999T'; a "
	  "size is more than 0 and fits 63 bits; write it as 64M "
	  "or 2G\n"
	  "volumes: {v: {size: 99999999999T}}\n"
	  "                    ^\n" },
	{ "bad_volume",
	  "scratch: [{glob: a, volume: ../up}]\n",
	  "src/.scratchfs.yaml:1:29: bad volume name '../up'; it "
	  "must be [a-z0-9][a-z0-9._-]*, at most 63 letters; "
	  "choose another\n"
	  "scratch: [{glob: a, volume: ../up}]\n"
	  "                            ^\n" },
	{ "bad_volume_key",
	  "volumes: {UPPER: {}}\n",
	  "src/.scratchfs.yaml:1:11: bad volume name 'UPPER'; it "
	  "must be [a-z0-9][a-z0-9._-]*, at most 63 letters; "
	  "choose another\n"
	  "volumes: {UPPER: {}}\n"
	  "          ^\n" },
	{ "tracked_without_volume",
	  "scratch: [{glob: a, tracked: ignore}]\n",
	  "src/.scratchfs.yaml:1:30: 'tracked: ignore' without a "
	  "volume; the source's own configuration may not have "
	  "changes to tracked files thrown away; add 'volume: NAME'\n"
	  "scratch: [{glob: a, tracked: ignore}]\n"
	  "                             ^\n" },
	{ "absolute_scratch_from",
	  "scratch_from: [/etc/passwd]\n",
	  "src/.scratchfs.yaml:1:16: '/etc/passwd' is outside the "
	  "source; the source's own configuration may not name it; "
	  "use a relative path, or --config\n"
	  "scratch_from: [/etc/passwd]\n"
	  "               ^\n" },
	{ "climbing_scratch_from",
	  "scratch_from: [a/../../b]\n",
	  "src/.scratchfs.yaml:1:16: 'a/../../b' is outside the "
	  "source; the source's own configuration may not name it; "
	  "use a relative path, or --config\n"
	  "scratch_from: [a/../../b]\n"
	  "               ^\n" },
	{ "climbing_in_profile",
	  "profiles: {p: {scratch_from: [../b]}}\n",
	  "src/.scratchfs.yaml:1:31: '../b' is outside the source; "
	  "the source's own configuration may not name it; use a "
	  "relative path, or --config\n"
	  "profiles: {p: {scratch_from: [../b]}}\n"
	  "                              ^\n" },
	{ "missing_scratch_from",
	  "scratch_from: [sub/ignore]\n",
	  "src/.scratchfs.yaml:1:16: cannot take over "
	  "'sub/ignore'; there is no such file (symlinks are not "
	  "followed); correct or remove it\n"
	  "scratch_from: [sub/ignore]\n"
	  "               ^\n" },
	{ "store_key",
	  "store: /tmp/x\n",
	  "src/.scratchfs.yaml:1:1: 'store' is not allowed here; "
	  "the source's own configuration, and a profile, only "
	  "make rules; use -o store\n"
	  "store: /tmp/x\n"
	  "^\n" },
	{ "volume_key",
	  "volume: somebodys\n",
	  "src/.scratchfs.yaml:1:1: 'volume' is not allowed here; "
	  "the source's own configuration, and a profile, only "
	  "make rules; use -o volume\n"
	  "volume: somebodys\n"
	  "^\n" },
	{ "mount_option_key",
	  "allow_other: true\n",
	  "src/.scratchfs.yaml:1:1: 'allow_other' is not allowed "
	  "here; the source's own configuration, and a profile, "
	  "only make rules; use -o allow_other\n"
	  "allow_other: true\n"
	  "^\n" },
	{ "alias",
	  "scratch:\n"
	  "  - *.log\n",
	  "src/.scratchfs.yaml:2:5: aliases are not understood; "
	  "'*' begins one; put a pattern in quotes: '*.log'\n"
	  "  - *.log\n"
	  "    ^\n" },
	{ "good_alias",
	  "scratch:\n"
	  "  - *log\n",
	  "src/.scratchfs.yaml:2:5: aliases are not understood; "
	  "'*' begins one; put a pattern in quotes: '*.log'\n"
	  "  - *log\n"
	  "    ^\n" },
	{ "anchor",
	  "scratch: &a [a]\n",
	  "src/.scratchfs.yaml:1:10: anchors are not understood; "
	  "'&' marks one; put the word in quotes\n"
	  "scratch: &a [a]\n"
	  "         ^\n" },
	{ "bomb",
	  "a: &a [x,x]\n"
	  "b: &b [*a,*a]\n",
	  "src/.scratchfs.yaml:1:4: anchors are not understood; "
	  "'&' marks one; put the word in quotes\n"
	  "a: &a [x,x]\n"
	  "   ^\n" },
	{ "tag",
	  "scratch:\n"
	  "  - !keep\n",
	  "src/.scratchfs.yaml:2:5: tags are not understood; '!' "
	  "begins one; put a pattern that re-includes in quotes: "
	  "'!name'\n"
	  "  - !keep\n"
	  "    ^\n" },
	{ "list_as_key",
	  "[a, b]: c\n",
	  "src/.scratchfs.yaml:1:1: a key must be a word; this is "
	  "a list or a map; put it in quotes if it is a pattern\n"
	  "[a, b]: c\n"
	  "^\n" },
	{ "two_documents",
	  "scratch: [a]\n"
	  "---\n"
	  "scratch: [b]\n",
	  "src/.scratchfs.yaml:2:1: a second document; a "
	  "configuration is one; remove the '---'\n"
	  "---\n"
	  "^\n" },
	{ "unclosed",
	  "scratch: [a, b\n",
	  "src/.scratchfs.yaml:1:10: not valid YAML; did not find "
	  "expected ',' or ']'; check indentation and quotes (a "
	  "pattern with a special first letter needs them: '[ab]*')\n"
	  "scratch: [a, b\n"
	  "         ^\n" },
	{ "tab",
	  "scratch:\n"
	  "\t- a\n",
	  "src/.scratchfs.yaml:2:1: a tab; YAML is indented by "
	  "spaces; replace it\n"
	  " - a\n"
	  "^\n" },
	{ "bad_indent",
	  "scratch:\n"
	  "  - a\n"
	  " b: c\n",
	  "src/.scratchfs.yaml:3:2: not valid YAML; did not find "
	  "expected key; check indentation and quotes (a pattern "
	  "with a special first letter needs them: '[ab]*')\n"
	  " b: c\n"
	  " ^\n" },
	{ "not_utf8",
	  "scratch: [a\377]\n",
	  "src/.scratchfs.yaml:1:12: not valid YAML; invalid "
	  "leading UTF-8 octet; write the file in UTF-8\n"
	  "scratch: [a?]\n"
	  "           ^\n" },
	{ "control",
	  "scratch: [a\033]31m]\n",
	  "src/.scratchfs.yaml:1:12: not valid YAML; control "
	  "characters are not allowed; write the file in UTF-8\n"
	  "scratch: [a?]31m]\n"
	  "           ^\n" },
	{ "escape",
	  "scratch: [\"a\\e[31mb[\"]\n",
	  "src/.scratchfs.yaml:1:11: bad pattern 'a?[31mb['; the [ "
	  "is never closed; patterns are those of gitignore(5)\n"
	  "scratch: [\"a\\e[31mb[\"]\n"
	  "          ^\n" },
	{ "bidi",
	  "scratsh: ['\342\200\256gnp.exe']\n",
	  "src/.scratchfs.yaml:1:1: unknown key 'scratsh'; known "
	  "here: scratch, readonly, scratch_from, volumes, "
	  "profiles; did you mean 'scratch'?\n"
	  "scratsh: ['?gnp.exe']\n"
	  "^\n" },
	{ "wide",
	  "# \303\244\n"
	  "scratch: [\303\244\303\266, 'x[']\n",
	  "src/.scratchfs.yaml:2:15: bad pattern 'x['; the [ is "
	  "never closed; patterns are those of gitignore(5)\n"
	  "scratch: [\303\244\303\266, 'x[']\n"
	  "              ^\n" },
	{ "nul",
	  "scratch: [\"a\\0b\"]\n",
	  "src/.scratchfs.yaml:1:11: a NUL character; no file name "
	  "can hold one; remove it\n"
	  "scratch: [\"a\\0b\"]\n"
	  "          ^\n" },
	{ "nested",
	  "scratch: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\n",
	  "src/.scratchfs.yaml:1:25: nested too deeply; 16 levels "
	  "are allowed; a configuration needs 5\n"
	  "scratch: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\n"
	  "                        ^\n" },
	{ "long_line",
	  "scratch: ['name0', 'name1', 'name2', 'name3', 'name4', "
	  "'name5', 'name6', 'name7', 'name8', 'name9', 'name10', "
	  "'name11', 'name12', 'name13', 'name14', 'name15', "
	  "'name16', 'name17', 'name18', 'name19', 'name20', "
	  "'name21', 'name22', 'name23', 'name24', 'name25', "
	  "'name26', 'name27', 'name28', 'name29', 'name30', "
	  "'name31', 'name32', 'name33', 'name34', 'name35', "
	  "'name36', 'name37', 'name38', 'name39', 'name40', "
	  "'name41', 'name42', 'name43', 'name44', 'name45', "
	  "'name46', 'name47', 'name48', 'name49', 'name50', "
	  "'name51', 'name52', 'name53', 'name54', 'name55', "
	  "'name56', 'name57', 'name58', 'name59', 'x[', 'more', "
	  "'and more', 'and more and more', 'and more']\n",
	  "src/.scratchfs.yaml:1:601: bad pattern 'x['; the [ is "
	  "never closed; patterns are those of gitignore(5)\n"
	  "name55', 'name56', 'name57', 'name58', 'name59', 'x[', "
	  "'more', 'and more', 'and more and more', 'and\n"
	  "                                                 ^\n" },
	{ "nested_map",
	  "a: {b: {c: {d: 1}}}\n",
	  "src/.scratchfs.yaml:1:1: unknown key 'a'; known here: "
	  "scratch, readonly, scratch_from, volumes, profiles; "
	  "remove it\n"
	  "a: {b: {c: {d: 1}}}\n"
	  "^\n" },
	{ "value_as_key",
	  "? {a: b}\n"
	  ": c\n",
	  "src/.scratchfs.yaml:1:3: a key must be a word; this is "
	  "a list or a map; put it in quotes if it is a pattern\n"
	  "? {a: b}\n"
	  "  ^\n" },
};
/* clang-format on */

static void is_said(void **state)
{
	const struct example *example = *state;
	struct fixture f;

	fixture_init(&f);
	put(&f, ".scratchfs.yaml", example->yaml);
	assert_int_equal(RUN(&f, "src", "mnt"), -EINVAL);
	assert_string_equal(f.said, example->said);
	fixture_done(&f);
}

#define EXAMPLES (sizeof(examples) / sizeof(examples[0]))

int main(void)
{
	struct CMUnitTest tests[EXAMPLES];

	for (size_t i = 0; i < EXAMPLES; i++)
		tests[i] = (struct CMUnitTest){
			.name = examples[i].name,
			.test_func = is_said,
			.initial_state = (void *)(uintptr_t)&examples[i],
		};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
