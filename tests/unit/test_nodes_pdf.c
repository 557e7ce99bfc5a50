/* Text of PDF files. The programs that read them are poppler's: where they are missing there is nothing to test. */
#include "node_harness.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

extern const struct node_table nodes_lib_pdf;

static const char two_pages[] =
	"%PDF-1.4\n"
	"1 0 obj<</Type/Catalog/Pages 2 0 R>> endobj\n"
	"2 0 obj<</Type/Pages/Count 2/Kids[4 0 R 6 0 R]>> endobj\n"
	"3 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>> endobj\n"
	"4 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]/Resources<</Font<</F 3 0 R>>>>/Contents 5 0 R>> endobj\n"
	"5 0 obj<</Length 59>>stream\n"
	"BT /F 12 Tf 40 40 Td (below) Tj 0 100 Td (first line) Tj ET\n"
	"endstream endobj\n"
	"6 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]/Rotate 90/Resources<</Font<</F 3 0 R>>>>/Contents 7 0 R>> endobj\n"
	"7 0 obj<</Length 36>>stream\n"
	"BT /F 12 Tf 40 140 Td (second) Tj ET\n"
	"endstream endobj\n"
	"trailer<</Root 1 0 R/Size 8>>\n"
	"%%EOF\n";

/* Runs a node on the file; gives its output as JSON, or checks that it fails with `reason`. */
static void check(const char *type, const char *props, const char *file, const char *expected, const char *reason)
{
	struct harness *h = harness_new(&nodes_lib_pdf, type, props, NULL);
	struct value *ref = value_map();
	enum node_result rc;

	map_set_str(ref, "type", "document");
	map_set(ref, "data", value_bytes(file, strlen(file)));
	harness_set(h, "pdf", ref);
	rc = harness_run(h);
	if (rc != (reason ? NODE_FAILED : NODE_DONE))
		fail_msg("%s: %s", type, harness_error(h));
	if (reason && !strstr(harness_error(h), reason))
		fail_msg("%s: \"%s\" without \"%s\"", type, harness_error(h), reason);
	if (!reason && !strstr(harness_json(h, "output"), expected))
		fail_msg("%s: %s without %s", type, harness_json(h, "output"), expected);
	harness_free(h);
}

static void test_text(void **state)
{
	(void)state;
	check("lib.pdfplumber.ExtractText", "{\"end_page\":4}", two_pages, "[\"first line\\nbelow\\n\\nsecond\"]", NULL);
	check("lib.pdfplumber.ExtractText", "{\"start_page\":1,\"end_page\":1}", two_pages, "[\"\"]", NULL);
	check("lib.pymupdf.ExtractText", "{\"end_page\":0}", two_pages, "[\"below\\nfirst line\\n\"]", NULL);
	check("lib.pymupdf.ExtractTextBlocks", "{\"start_page\":1,\"end_page\":-1}", two_pages, "\"second\\n\",0,0]", NULL);
	check("lib.pymupdf.ExtractText", "{\"end_page\":2}", two_pages, NULL, "end_page: there is no page 2");
	check("lib.pymupdf.ExtractText", "{\"start_page\":-1,\"end_page\":1}", two_pages, NULL, "start_page: ");
}

static const char styled[] =
	"%PDF-1.4\n"
	"1 0 obj<</Type/Catalog/Pages 2 0 R>> endobj\n"
	"2 0 obj<</Type/Pages/Count 1/Kids[5 0 R]>> endobj\n"
	"3 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>> endobj\n"
	"4 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica-Bold>> endobj\n"
	"5 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]/Resources<</Font<</F 3 0 R/B 4 0 R>>>>/Contents 6 0 R>> endobj\n"
	"6 0 obj<</Length 153>>stream\n"
	"BT /B 20 Tf 40 150 Td (Title) Tj /F 10 Tf 0 -30 Td (one & more) Tj 0 -12 Td (two) Tj 1 0 0 rg /B 10 Tf 0 -40 Td (bold) "
	"Tj ET BT /F 10 Tf 80 68 Td (side) Tj ET\n"
	"endstream endobj\n"
	"trailer<</Root 1 0 R/Size 7>>\n"
	"%%EOF\n";

static void test_styles(void **state)
{
	(void)state;
	check("lib.pymupdf.ExtractTextWithStyle", "{}", styled,
	      "{\"text\":\"one & more\",\"font\":\"Helvetica\",\"size\":10.0,\"color\":0,\"bbox\":{\"x0\":40.0,", NULL);
	check("lib.pymupdf.ExtractTextWithStyle", "{}", styled,
	      "{\"text\":\"bold\",\"font\":\"Helvetica-Bold\",\"size\":10.0,\"color\":16711680,", NULL);
	check("lib.pymupdf.ExtractTextWithStyle", "{\"end_page\":1}", styled, NULL, "end_page: there is no page 1");
	check("lib.pymupdf.ExtractMarkdown", "{}", styled,
	      "[\"# Title\\n\\n\\none & more\\ntwo\\n\\n\\n**bold** side\\n\\n\\n\"]", NULL);
	check("lib.pymupdf.ExtractMarkdown", "{}", "%PDF-1.4 and nothing more", NULL, "pdf: ");
}

static void test_pages(void **state)
{
	(void)state;
	check("lib.pdfplumber.GetPageCount", "{}", two_pages, "[2]", NULL);
	check("lib.pdfplumber.ExtractPageMetadata", "{\"start_page\":1,\"end_page\":-1}", two_pages, "\"rotation\":90", NULL);
	check("lib.pdfplumber.GetPageCount", "{}", "not a pdf", NULL, "pdf: it is no PDF file");
	check("lib.pdfplumber.GetPageCount", "{}", "%PDF-1.4 and nothing more", NULL, "pdf: ");
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_text), cmocka_unit_test(test_styles),
					    cmocka_unit_test(test_pages) };

	if (access("/usr/bin/pdftotext", X_OK) != 0)
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
