/* HTML as Markdown, and the wrapping of texts. */
#include "node_harness.h"

#include "wsd/nodes/html_markdown.h"
#include "wsd/nodes/textwrap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

extern const struct node_table nodes_text_html;

static void check(struct sv html, const struct html_markdown_options *options, const char *expected)
{
	struct buf out;
	struct err err;

	buf_init(&out, BUF_MAX_SMALL);
	assert_int_equal(html_to_markdown(&out, html, options, &err), 0);
	assert_string_equal(out.data, expected);
	buf_free(&out);
}

/* Expected texts are those of html2text 2025.4.15. */
static void test_pages(void **state)
{
	static const struct {
		const char *html;
		const char *markdown;
	} cases[] = {
		{ "",
		  "\n" },
		{ "   ",
		  "\n" },
		{ "a\n  b <i> c </i>d",
		  "a b _c_ d\n" },
		{ "x<em>y</em>z <b>b</b>*<strong>q</strong>",
		  "x _y_ z **b** * **q**\n" },
		{ "<h1>A<h3>B</h3></h1>c",
		  "# A\n\n### B\n\nc\n" },
		{ "<a href='/u'><h2>T</h2></a>",
		  "## [T](/u)\n" },
		{ "<a href='#top'>up</a> <a name=n>n</a> <a href=e></a>",
		  "up n [](e)\n" },
		{ "<a href='u v' title='a [b]'>t(x)</a>",
		  "[t(x)](u v \"a \\[b\\]\")\n" },
		{ "<a href='http://h/x'>http://h/x</a><a href='http://h/y'>http://h/x</a>",
		  "<http://h/x>[http://h/x](http://h/y)\n" },
		{ "<img src='a(1).png' alt='[p]'><a href=l><img src=i></a>",
		  "![\\[p\\]](a\\(1\\).png)[![](i)](l)\n" },
		{ "<ul><li>a<ol start=9><li>b<li>c</ol><li>d</ul>e",
		  "  * a\n    9. b\n    10. c\n  * d\ne\n" },
		{ "<ol><li>a<ul><li>b</ul></ol>",
		  "  1. a\n     * b\n\n" },
		{ "<li>x<li>y",
		  "* x\n* y\n" },
		{ "<blockquote>q<p>r<br>s</p><blockquote>t</blockquote></blockquote>u",
		  "> q\n> \n> r  \n> s\n>\n>> t\n\nu\n" },
		{ "<pre>\n a\n\tb</pre>c<pre></pre>d",
		  "\n     a\n    \tb\n\nc\n\n\nd\n" },
		{ "<ul><li><pre>x\ny</pre></ul>",
		  "  * x\n        y\n\n\n\n" },
		{ "<blockquote><pre>a\nb</pre></blockquote>",
		  "> \n>     a\n>     b\n" },
		{ "<table><tr><th>a<th>b<tr><td>1</tr><tr><td>2<td><p>3</p></tr></table>x",
		  "a| b| 1  \n---  \n2| 3  \nx\n" },
		{ "<dl><dt>t</dt><dd>d</dd></dl><hr>e",
		  "t\n    d\n\n* * *\n\ne\n" },
		{ "<q>a</q> <kbd>k</kbd> <del>d</del>~<s>e</s>",
		  "\"a\" `k` ~~d~~ ~ ~~e~~\n" },
		{ "<abbr title='T M'>tm</abbr> x <abbr>y</abbr>",
		  "tm x y\n  *[tm]: T M\n" },
		{ "1. a\n2.b\n- c\n+ d --- e \\* f\\g",
		  "1\\. a 2.b \\- c \\+ d --- e \\\\* f\\g\n" },
		{ "\n--x",
		  "\\--x\n" },
		{ "&eacute;&#233;&ouml;&mdash;&#8212;&nbsp;x&#160;y&lrm;&bogus;&amp&#150;",
		  "eeo---- x y&bogus;&-\n" },
		{ "<head><title>t</title></head>b</head>c<body>d",
		  "bd\n" },
		{ "<style>a{}</style><!-- c --><script>1<2</script>e",
		  "e\n" },
		{ "a</b></ul></blockquote>b",
		  "a**\n \n b\n" },
		{ "<p>  x</p>",
		  "x\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		check(sv_of(cases[i].html), &(struct html_markdown_options){ 0 }, cases[i].markdown);
}

static void test_options(void **state)
{
	struct html_markdown_options options = { .base_url = SV_LIT("http://h/d/"), .no_images = true, .no_mailto = true };
	struct html_markdown_options negative = { .width = -1 };
	struct buf out;
	struct err err;

	(void)state;
	check(SV_LIT("<a href='../x'>y</a><img src=z><a href='mailto:a@b'>m</a>"), &options, "[y](http://h/x)m\n");
	check(SV_LIT("<a href='http://[x'>y</a>"), &options, "[y](http://\\[x)\n");
	options.width = 12;
	check(SV_LIT("<p>one two three four</p><ul><li>one two three four</ul>"), &options,
	      "one two\nthree four\n\n  * one two three four\n\n");
	buf_init(&out, BUF_MAX_SMALL);
	assert_int_equal(html_to_markdown(&out, SV_LIT("x"), &negative, &err), -1);
	buf_free(&out);
}

/* Indentation grows with every list: what is longer than the buffer may be fails, and soon. */
static void test_deep(void **state)
{
	struct html_markdown_options options = { .width = 1000 };
	struct buf html;
	struct buf out;
	struct err err;

	(void)state;
	buf_init(&html, BUF_MAX_BODY);
	buf_init(&out, BUF_MAX_SMALL);
	for (int i = 0; i < 20000; i++)
		buf_adds(&html, "<ul><li><blockquote><a href=x><h1>y");
	assert_int_equal(html_to_markdown(&out, (struct sv){ html.data, html.len }, &options, &err), -1);
	assert_non_null(strstr(err.detail, "too long"));
	buf_free(&html);
	buf_free(&out);
}

/* Two headings in a link of a hidden part take back one bracket, not two. */
static void test_hidden_heading(void **state)
{
	(void)state;
	check(SV_LIT("<a href=x><head><h2>a</h2><h2>b</h2></head></a>c"), &(struct html_markdown_options){ 0 }, "](x)c\n");
}

/* Expected by textwrap.wrap(text, width, break_long_words=False, subsequent_indent=indent). */
static void test_wrap(void **state)
{
	static const struct {
		const char *text;
		size_t width;
		const char *indent;
		const char *lines;
	} cases[] = {
		{ "", 10, "", "" },
		{ "   ", 10, "", "" },
		{ "a b c", 80, "", "a b c" },
		{ "one two three four", 9, "", "one two\nthree\nfour" },
		{ "one two three four", 9, "> ", "one two\n> three\n> four" },
		{ "  lead and trail   ", 8, "", "  lead\nand\ntrail" },
		{ "hyphen-ated words-go here-x 1-2 a-b", 7, "", "hyphen-\nated\nwords-\ngo\nhere-x\n1-2 a-b" },
		{ "dash--dash 'q'--x -- y--", 6, "", "dash--\ndash\n'q'--x\n-- y--" },
		{ "averyveryverylongword a", 5, "", "averyveryverylongword\na" },
		{ "tab\tand\nline", 20, "", "tab     and line" },
		{ "tab\tand", 4, "", "tab\nand" },
		{ "日本語 テキスト です", 4, "", "日本語\nテキスト\nです" },
		{ "foo-bar-baz-", 5, "", "foo-\nbar-\nbaz-" },
		{ "a b c ", 4, "", "a b\nc " },
		{ "http://a-b.cd/ef-gh", 6, "    ", "http://a-b.cd/ef-\n    gh" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf out;

		buf_init(&out, BUF_MAX_SMALL);
		textwrap(&out, sv_of(cases[i].text), cases[i].width, cases[i].indent);
		assert_string_equal(out.data ? out.data : "", cases[i].lines);
		buf_free(&out);
	}
}

static void test_node(void **state)
{
	static const struct node_case cases[] = {
		{ "nodetool.text.HtmlToText", "{\"html\": \"\"}", "\"\\n\\n\"" },
		{ "nodetool.text.HtmlToText", "{\"html\": \"<b>x</b><img src=y>\", \"body_width\": 0}", "\"**x**\\n\"" },
		{ "nodetool.text.HtmlToText", "{\"html\": \"x\", \"body_width\": -1}", "!body_width" },
	};

	(void)state;
	node_check(&nodes_text_html, cases, ARRAY_LEN(cases));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pages), cmocka_unit_test(test_options), cmocka_unit_test(test_deep),
		cmocka_unit_test(test_hidden_heading), cmocka_unit_test(test_wrap), cmocka_unit_test(test_node),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
