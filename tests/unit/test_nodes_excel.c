/* lib.excel: workbooks. */
#include "node_harness.h"

#include "wsd/nodes/workbook.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

extern const struct node_table nodes_lib_excel;

#define TABLE                                                                                                          \
	"{\"type\":\"dataframe\",\"columns\":[{\"name\":\"x\",\"data_type\":\"int\"},{\"name\":\"y\",\"data_type\":"   \
	"\"string\"}],\"data\":[[1,\"é\"],[2,null]]}"

/* Runs a node on a workbook (taken; NULL for none) and gives the output, or NULL where it must fail with `reason`. */
static struct value *run(const char *type, const char *props, struct value *book, const char *reason)
{
	struct harness *h = harness_new(&nodes_lib_excel, type, props, NULL);
	struct value *out = NULL;
	enum node_result rc;

	if (book)
		harness_set(h, "workbook", book);
	rc = harness_run(h);
	if (reason) {
		assert_int_equal(rc, NODE_FAILED);
		if (!strstr(harness_error(h), reason))
			fail_msg("%s: \"%s\" without \"%s\"", type, harness_error(h), reason);
	} else {
		if (rc != NODE_DONE)
			fail_msg("%s: %s", type, harness_error(h));
		out = harness_output(h, "output", 0) ? value_ref(harness_output(h, "output", 0)) : NULL;
	}
	harness_free(h);
	return out;
}

static void test_tables(void **state)
{
	struct value *book = run("lib.excel.CreateWorkbook", "{\"sheet_name\":\"Sheet1\"}", NULL, NULL);
	struct value *written =
		run("lib.excel.DataFrameToExcel",
		    "{\"dataframe\":" TABLE ",\"sheet_name\":\"Sheet1\",\"start_cell\":\"A1\",\"include_header\":true}",
		    value_ref(book), NULL);
	struct value *table = run("lib.excel.ExcelToDataFrame", "{\"sheet_name\":\"Sheet1\",\"has_header\":true}",
				  value_ref(written), NULL);
	struct value *shown = value_object_class(table)->to_value(value_object_ptr(table, value_object_class(table)));
	struct arena *arena = arena_new();

	(void)state;
	assert_string_equal(json_text(arena, map_get(shown, "data"), JSON_COMPACT), "[[1,\"é\"],[2,null]]");
	/* Columns of a sheet are just named. */
	assert_true(value_is(list_at(map_get(shown, "columns"), 0), VALUE_STR));
	/* The node changed a copy. */
	assert_int_equal(book_sheet(book_of(book), "Sheet1")->count, 0);
	value_unref(shown);
	value_unref(table);
	table = run("lib.excel.ExcelToDataFrame", "{\"sheet_name\":\"Sheet1\"}", value_ref(book), NULL);
	value_unref(table);
	run("lib.excel.ExcelToDataFrame", "{\"sheet_name\":\"Nope\"}", value_ref(book),
	    "sheet_name: there is no sheet \"Nope\"");
	run("lib.excel.DataFrameToExcel", "{\"dataframe\":" TABLE ",\"sheet_name\":\"a/b\",\"start_cell\":\"A1\"}",
	    value_ref(book), "sheet_name: names of sheets");
	run("lib.excel.DataFrameToExcel", "{\"dataframe\":" TABLE ",\"sheet_name\":\"a\",\"start_cell\":\"1A\"}",
	    value_ref(book), "start_cell: ");
	run("lib.excel.DataFrameToExcel", "{\"dataframe\":" TABLE "}", NULL, "workbook: there is none");
	run("lib.excel.CreateWorkbook", "{\"sheet_name\":\"bad/name\"}", NULL, "sheet_name: ");
	value_unref(written);
	value_unref(book);
	arena_free(arena);
}

static void test_looks(void **state)
{
	struct value *book = run("lib.excel.CreateWorkbook", "{\"sheet_name\":\"S\"}", NULL, NULL);
	struct value *formatted =
		run("lib.excel.FormatCells",
		    "{\"sheet_name\":\"S\",\"cell_range\":\"B2:A1\",\"bold\":true,\"background_color\":\"FF0000\","
		    "\"text_color\":\"00ff00\"}",
		    value_ref(book), NULL);
	const struct workbook_sheet *sheet = book_sheet(book_of(formatted), "S");
	struct value *fitted = run("lib.excel.AutoFitColumns", "{\"sheet_name\":\"S\"}", value_ref(formatted), NULL);

	(void)state;
	assert_int_equal(sheet->count, 2);
	assert_true(sheet->rows[1].cells[1].bold);
	assert_int_equal(sheet->rows[1].cells[1].fill, 0xff0000);
	assert_int_equal(sheet->rows[0].cells[0].colour, 0x00ff00);
	assert_true(book_sheet(book_of(fitted), "S")->widths[1] == 6); /* "None" and two */
	run("lib.excel.FormatCells", "{\"sheet_name\":\"S\",\"cell_range\":\"bad range\"}", value_ref(book),
	    "cell_range: ");
	run("lib.excel.FormatCells", "{\"sheet_name\":\"S\",\"cell_range\":\"A1\",\"text_color\":\"red\"}",
	    value_ref(book), "text_color, background_color");
	run("lib.excel.FormatCells",
	    "{\"sheet_name\":\"S\",\"cell_range\":\"A1:XFD1048576\",\"text_color\":\"000000\"}", value_ref(book),
	    "cell_range: a sheet cannot have that many cells");
	value_unref(fitted);
	value_unref(formatted);
	value_unref(book);
}

static void test_file(void **state)
{
	char folder[] = "/tmp/test-excel-XXXXXX";
	struct value *book = run("lib.excel.CreateWorkbook", "{\"sheet_name\":\"S\"}", NULL, NULL);
	struct value *shown = value_object_class(book)->to_value(value_object_ptr(book, value_object_class(book)));
	char *props;
	char *name;

	(void)state;
	/* What clients get is a zip archive. */
	assert_memory_equal(value_text(map_get(shown, "data")), "PK", 2);
	assert_non_null(mkdtemp(folder));
	name = xasprintf("%s/o.xlsx", folder);
	props = xasprintf("{\"folder\":{\"type\":\"file_path\",\"path\":\"%s\"},\"filename\":\"o.xlsx\"}", folder);
	assert_null(run("lib.excel.SaveWorkbook", props, value_ref(book), NULL));
	assert_int_equal(access(name, R_OK), 0);
	run("lib.excel.SaveWorkbook", "{\"filename\":\"o.xlsx\"}", value_ref(book), "folder must not be empty");
	unlink(name);
	rmdir(folder);
	free(name);
	free(props);
	value_unref(shown);
	value_unref(book);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tables),
		cmocka_unit_test(test_looks),
		cmocka_unit_test(test_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
