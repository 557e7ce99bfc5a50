/* Nodes of lib.uuid, lib.markdown and lib.mail. */
#include "node_harness.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

extern const struct node_table nodes_lib_uuid;
extern const struct node_table nodes_lib_mail;
extern const struct node_table nodes_lib_markdown;

static void test_uuid(void **state)
{
	static const struct node_case cases[] = {
		{ "lib.uuid.GenerateUUID5", "{\"namespace\": \"DNS\", \"name\": \"python.org\"}",
		  "\"886313e1-3b8a-5372-9b90-0c9aee199e5d\"" },
		{ "lib.uuid.GenerateUUID3", "{\"name\": \"python.org\"}", "\"6fa459ea-ee8a-3ca4-894e-db77e160355e\"" },
		{ "lib.uuid.GenerateUUID3", "{\"namespace\": \"x\"}", "!namespace" },
		{ "lib.uuid.IsValidUUID", "{\"uuid_string\": \"urn:uuid:{F47AC10B-58cc-4372-a567-0e02b2c3d479}\"}", "true" },
		{ "lib.uuid.IsValidUUID", "{\"uuid_string\": \"f47ac10b58cc4372a5670e02b2c3d47é\"}", "false" },
		{ "lib.uuid.FormatUUID", "{\"uuid_string\": \"ffffffffffffffffffffffffffffffff\", \"format\": \"int\"}",
		  "\"340282366920938463463374607431768211455\"" },
		{ "lib.uuid.FormatUUID", "{\"uuid_string\": \"\"}", "!is no UUID" },
		{ "lib.uuid.ParseUUID", "{\"uuid_string\": \"g2345678-1234-5678-1234-567812345678\"}",
		  "{\"uuid\":\"g2345678-1234-5678-1234-567812345678\",\"is_valid\":false,\"error\":\"invalid literal for int() with "
		  "base 16: 'g2345678123456781234567812345678'\"}" },
	};

	(void)state;
	node_check(&nodes_lib_uuid, cases, ARRAY_LEN(cases));
}

static void test_markdown(void **state)
{
	static const struct node_case cases[] = {
		{ "lib.markdown.ExtractLinks", "{\"markdown\": \"[a](b) <c>\"}",
		  "[{\"url\":\"b\",\"title\":\"a\"},{\"url\":\"c\",\"title\":\"\"}]" },
		{ "lib.markdown.ExtractHeaders", "{\"markdown\": \"# A\\n## B \\n#C\", \"max_level\": 1}",
		  "[{\"level\":1,\"text\":\"A\",\"index\":0}]" },
		{ "lib.markdown.ExtractBulletLists", "{\"markdown\": \"- a\\n* b\\n\\n+ c\"}",
		  "[[{\"text\":\"a\"},{\"text\":\"b\"}],[{\"text\":\"c\"}]]" },
		{ "lib.markdown.ExtractNumberedLists", "{\"markdown\": \"1. a\\nx\\n٢. b\"}", "[[\"a\"],[\"b\"]]" },
		{ "lib.markdown.ExtractCodeBlocks", "{\"markdown\": \"```py\\n x \\n```\"}",
		  "[{\"language\":\"py\",\"code\":\"x\"}]" },
	};
	struct harness *h = harness_new(&nodes_lib_markdown, "lib.markdown.ExtractTables",
					"{\"markdown\": \"| A | B |\\n|--|--|\\n| 1 | 2 |\\n|\\n| 3 |\\nend\\n| 4 |\"}", NULL);

	(void)state;
	node_check(&nodes_lib_markdown, cases, ARRAY_LEN(cases));
	assert_int_equal(harness_run(h), NODE_DONE);
	assert_int_equal(value_len(map_get(harness_output(h, "output", 0), "columns")), 2);
	assert_int_equal(value_len(map_get(harness_output(h, "output", 0), "data")), 2);
	harness_free(h);
}

/* What must not reach a mail server. */
static void test_mail(void **state)
{
	static const struct node_case cases[] = {
		{ "lib.mail.SendEmail", "{}", "!to_address" },
		{ "lib.mail.SendEmail", "{\"to_address\": \"a@b\", \"subject\": \"x\\r\\nBcc: c@d\"}", "!one line" },
		{ "lib.mail.SendEmail", "{\"to_address\": \"a@b\", \"smtp_server\": \"h/x\"}", "!smtp_server" },
		{ "lib.mail.AddLabel", "{\"label\": \"x\"}", "!message_id" },
		{ "lib.mail.AddLabel", "{\"message_id\": \"1 X\", \"label\": \"x\"}", "!number" },
		{ "lib.mail.AddLabel", "{\"message_id\": \"1\", \"label\": \"\\\"x\"}", "!quotes" },
		{ "lib.mail.AddLabel", "{\"message_id\": \"1\", \"label\": \"x\"}", "!GOOGLE_MAIL_USER" },
	};

	(void)state;
	node_check(&nodes_lib_mail, cases, ARRAY_LEN(cases));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_uuid),
		cmocka_unit_test(test_markdown),
		cmocka_unit_test(test_mail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
