/* lib.docx: Word documents. */
#include "node_harness.h"

#include "wsd/nodes/docx.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

extern const struct node_table nodes_lib_docx;

#define PNG                                                                                                      \
	"{\"type\":\"image\",\"uri\":\"data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAACgAAAAUCAIAAABwJOjsAAAAJUlEQVR4" \
	"nO3NMQEAAAgDIKf9OxtjDxQg2ZuGraxisVgsFovFFQ//LgAuTkIzxgAAAABJRU5ErkJggg==\"}"
#define TABLE                                                                                                          \
	"{\"type\":\"dataframe\",\"columns\":[{\"name\":\"x\",\"data_type\":\"int\"},{\"name\":\"y\",\"data_type\":"   \
	"\"string\"}],\"data\":[[1,\"é<\"],[2,null]]}"

/* Runs a node on a document (taken; NULL for none) and gives its output, or NULL where it must fail with `reason`. */
static struct value *run(const char *type, const char *props, struct value *docx, const char *reason)
{
	struct harness *h = harness_new(&nodes_lib_docx, type, props, NULL);
	struct value *out = NULL;
	enum node_result rc;

	if (docx)
		harness_set(h, "document", docx);
	rc = harness_run(h);
	if (rc != (reason ? NODE_FAILED : NODE_DONE))
		fail_msg("%s: %s", type, harness_error(h));
	if (reason && !strstr(harness_error(h), reason))
		fail_msg("%s: \"%s\" without \"%s\"", type, harness_error(h), reason);
	if (!reason && harness_output(h, "output", 0))
		out = value_ref(harness_output(h, "output", 0));
	harness_free(h);
	return out;
}

/* The part of the document holds the text. */
static void assert_part(const struct value *docx, const char *part, const char *text)
{
	struct sv is = docx_part(docx_of(docx), part);

	assert_non_null(is.p);
	if (!strstr(is.p, text))
		fail_msg("%s is %.*s, without %s", part, (int)is.n, is.p, text);
}

static void test_text(void **state)
{
	struct value *empty = run("lib.docx.CreateDocument", "{}", NULL, NULL);
	struct value *docx = run("lib.docx.AddHeading", "{\"text\":\"A & B\",\"level\":2}", value_ref(empty), NULL);

	(void)state;
	assert_part(docx, "word/document.xml", "<w:pStyle w:val=\"Heading2\"/>");
	assert_part(docx, "word/document.xml", ">A &amp; B</w:t>");
	/* The node changed a copy. */
	assert_null(strstr(docx_part(docx_of(empty), "word/document.xml").p, "Heading2"));
	docx = run("lib.docx.AddParagraph",
		   "{\"text\":\"one\\ntwo\\t3\",\"alignment\":\"JUSTIFY\",\"bold\":true,\"font_size\":10}", docx, NULL);
	assert_part(docx, "word/document.xml", "<w:jc w:val=\"both\"/>");
	assert_part(docx, "word/document.xml", "<w:b/><w:sz w:val=\"20\"/>");
	assert_part(docx, "word/document.xml", "two</w:t><w:tab/>");
	docx = run("lib.docx.AddTable", "{\"data\":" TABLE "}", docx, NULL);
	assert_part(docx, "word/document.xml", ">é&lt;</w:t>");
	assert_part(docx, "word/document.xml", ">None</w:t>");
	docx = run("lib.docx.AddPageBreak", "{}", docx, NULL);
	assert_part(docx, "word/document.xml", "<w:br w:type=\"page\"/></w:r></w:p><w:sectPr>");
	run("lib.docx.AddParagraph", "{\"text\":\"a\\u0001\"}", value_ref(docx), "text: ");
	run("lib.docx.AddParagraph", "{\"text\":\"a\",\"font_size\":-1}", value_ref(docx), "font_size: ");
	run("lib.docx.AddHeading", "{\"text\":\"a\",\"level\":10}", value_ref(docx), "level: ");
	run("lib.docx.AddHeading", "{\"text\":\"a\",\"level\":1}", NULL, "document: ");
	run("lib.docx.AddTable", "{\"data\":{\"type\":\"dataframe\"}}", docx, "data: ");
	value_unref(empty);
}

static void test_pictures(void **state)
{
	struct value *docx = run("lib.docx.CreateDocument", "{}", NULL, NULL);

	(void)state;
	docx = run("lib.docx.AddImage", "{\"image\":" PNG "}", docx, NULL);
	assert_part(docx, "word/document.xml", "cx=\"508000\" cy=\"254000\"");
	docx = run("lib.docx.AddImage", "{\"image\":" PNG ",\"width\":2.0}", docx, NULL);
	assert_part(docx, "word/document.xml", "cx=\"1828800\" cy=\"914400\"");
	assert_part(docx, "word/_rels/document.xml.rels", "media/picture2.png");
	assert_part(docx, "[Content_Types].xml", "image/png");
	run("lib.docx.AddImage", "{\"image\":{\"type\":\"image\",\"uri\":\"data:image/png;base64,AAAA\"}}",
	    value_ref(docx), "image: ");
	run("lib.docx.AddImage", "{\"image\":" PNG ",\"height\":-1}", docx, "height: ");
}

static void test_files(void **state)
{
	char folder[] = "/tmp/test_docx.XXXXXX";
	char props[200];
	char path[100];
	struct value *docx = run("lib.docx.CreateDocument", "{}", NULL, NULL);

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/o.docx", folder);
	docx = run("lib.docx.SetDocumentProperties", "{\"title\":\"T <é>\",\"keywords\":\"k\"}", docx, NULL);
	snprintf(props, sizeof(props), "{\"path\":{\"type\":\"file_path\",\"path\":\"%s\"},\"filename\":\"o.docx\"}", folder);
	run("lib.docx.SaveDocument", props, docx, NULL);
	snprintf(props, sizeof(props), "{\"path\":\"%s\"}", path);
	docx = run("lib.docx.LoadWordDocument", props, NULL, NULL);
	assert_part(docx, "docProps/core.xml", ">T &lt;é&gt;</dc:title>");
	docx = run("lib.docx.SetDocumentProperties", "{\"title\":\"U\"}", docx, NULL);
	assert_part(docx, "docProps/core.xml", ">U</dc:title>");
	assert_part(docx, "docProps/core.xml", ">k</cp:keywords>");
	run("lib.docx.SaveDocument", "{\"filename\":\"x.docx\"}", docx, "path must not be empty");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(folder), 0);
	run("lib.docx.LoadWordDocument", props, NULL, "path: ");
	run("lib.docx.LoadWordDocument", "{\"path\":\"\"}", NULL, "path must not be empty");
}

/* Cut and damaged files are refused or read, and never more. */
static void test_damage(void **state)
{
	struct docx *docx = docx_new();
	struct err err;
	struct buf file;

	(void)state;
	buf_init(&file, DOCX_FILE_MAX);
	assert_int_equal(docx_write(docx, &file, &err), 0);
	docx_free(docx);
	for (size_t n = 0; n < file.len; n += 7) {
		docx_free(docx_read(file.data, n, &err));
		file.data[n] ^= 0x55;
		docx_free(docx_read(file.data, file.len, &err));
		file.data[n] ^= 0x55;
	}
	assert_null(docx_read("not a zip", 9, &err));
	buf_free(&file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_pictures),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
