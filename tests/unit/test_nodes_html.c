/* HTML and feeds as the nodes read them, URLs, nodes of lib.beautifulsoup. */
#include "node_harness.h"

#include "wsd/nodes/feed.h"
#include "wsd/nodes/html.h"
#include "wsd/nodes/html_select.h"
#include "wsd/nodes/url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

extern const struct node_table nodes_lib_beautifulsoup;

/* Expected texts were checked against BeautifulSoup 4.14 with html.parser. */
static void test_texts(void **state)
{
	static const struct {
		const char *html;
		const char *text;
	} cases[] = {
		{ "<p>a<b>c</p>d", "acd" },
		{ "&copy; &copy &copyz; &nosuch; &#150; &#x41; & &", "© © &copyz &nosuch – A & &" },
		{ "x &a", "x a" },
		{ "a &#; b &#; <i>c</i>", "a &#; b &#; <i>c</i>" },
		{ "a < b <1> </ p> <", "a < b <1>  <" },
		{ "<x y=\"<b>text", "<x y=\"<b>text" },
		{ "<script>var a = '<b>';</script>z", "z" },
		{ "<style>p{}</STYLE >z", "z" },
		{ "<template>t<p>u</p></template>v<rt>w</rt>", "v" },
		{ "a<!-- c -->b<![CDATA[cd]]>c<?pi?>d<!DOCTYPE html>e", "abcdcde" },
		{ "<a href=x&amp;y/>t</a>", "t" },
		{ "</nothing>x</p>", "x" },
		{ "&notin;&eacute", "∉&eacute" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct arena *arena = arena_new();
		struct html_node *root = html_parse(arena, cases[i].html, strlen(cases[i].html));
		struct buf text;

		buf_init(&text, BUF_MAX_SMALL);
		html_text(root, &text);
		assert_string_equal(text.data ? text.data : "", cases[i].text);
		buf_free(&text);
		arena_free(arena);
	}
}

/* What a selector finds, as HTML; "!" when it is refused. Expected by BeautifulSoup's select. */
static void check_select(const char *html, const char *selector, const char *expected)
{
	struct arena *arena = arena_new();
	struct html_node *root = html_parse(arena, html, strlen(html));
	struct html_selection found;
	struct buf out;
	struct err err;

	buf_init(&out, BUF_MAX_SMALL);
	if (html_select(arena, root, sv_of(selector), &found, &err)) {
		buf_addc(&out, '!');
	} else {
		for (size_t i = 0; i < found.count; i++)
			html_source(found.nodes[i], &out);
	}
	assert_string_equal(out.data ? out.data : "", expected);
	buf_free(&out);
	arena_free(arena);
}

static void test_select(void **state)
{
	static const char page[] = "<body><h1 class='a b'>T</h1><div id=m><p>x</p><p lang=en-US>y<i></i></p></div>"
				   "<ul><li>1<li>2</ul><a href='/u?a=b&amp;c'>l</a><br><input type=Text></body>";
	static const char *const cases[][2] = {
		{ "h1", "<h1 class=\"a b\">T</h1>" },
		{ ".b.a, #m > p:first-child", "<h1 class=\"a b\">T</h1><p>x</p>" },
		{ "#m p + p", "<p lang=\"en-US\">y<i></i></p>" },
		{ "body h1 ~ ul li li", "<li>2</li>" },
		{ "[lang|=en] :empty", "<i></i>" },
		{ "a[href^=\"/u\"]", "<a href=\"/u?a=b&amp;c\">l</a>" },
		{ "[type=text]", "<input type=\"Text\"/>" },
		{ "p:not([lang]):nth-child(2n+1)", "<p>x</p>" },
		{ "BODY>:nth-last-child(2)", "<br/>" },
		{ ":is(h1, i, :root > nothing):only-of-type", "<h1 class=\"a b\">T</h1><i></i>" },
		{ "h\\31 ", "<h1 class=\"a b\">T</h1>" },
		{ ".none", "" },
		{ "", "!" },
		{ "p >", "!" },
		{ "a,,b", "!" },
		{ "p:hover", "!" },
		{ "[a", "!" },
		{ "[a='x]", "!" },
		{ ":not(p", "!" },
		{ ":nth-child(x)", "!" },
		{ ":not(:not(:not(:not(:not(:not(:not(a)))))))", "!" },
		{ "p)", "!" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		check_select(page, cases[i][0], cases[i][1]);
	check_select("<script>a<b</script><p>a<!-- c -->&lt;&quot;<b title='&quot;'></b>", "p, script",
		     "<script>a<b</script><p>a<!---->&lt;\"<b title=\"&quot;\"></b></p>");
	check_select("text only", "*", "");
}

/* A million open tags: no recursion anywhere. */
static void test_deep(void **state)
{
	struct arena *arena = arena_new();
	struct buf html;
	struct buf text;

	(void)state;
	buf_init(&html, BUF_MAX_BODY);
	buf_init(&text, BUF_MAX_BODY);
	for (int i = 0; i < 200000; i++)
		buf_adds(&html, "<b>");
	buf_adds(&html, "x");
	html_text(html_parse(arena, html.data, html.len), &text);
	assert_string_equal(text.data, "x");
	buf_free(&html);
	buf_free(&text);
	arena_free(arena);
}

static void test_unescape(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, BUF_MAX_SMALL);
	html_unescape(SV_LIT("a&ampx &lt;&notit; &#65;&#x42 &#0; &#1; &; &#xffffff; &NotEqualTilde;"), &out);
	assert_string_equal(out.data, "a&x <¬it; AB \xEF\xBF\xBD  &; \xEF\xBF\xBD \xE2\x89\x82\xCC\xB8");
	buf_free(&out);
}

/* Expected by urllib.parse.urljoin. */
static void test_join(void **state)
{
	static const char *const cases[][3] = {
		{ "http://h/a/b/c?q#f", "x", "http://h/a/b/x" },
		{ "http://h/a/b/c?q#f", "../../../x", "http://h/x" },
		{ "http://h/a/b/c?q#f", "?z", "http://h/a/b/c?z" },
		{ "http://h/a/b/c?q#f", "#z", "http://h/a/b/c?q#z" },
		{ "http://h/a/b/c?q#f", "//o/p", "http://o/p" },
		{ "http://h/a/b/c?q#f", "mailto:x", "mailto:x" },
		{ "http://h/a/b/c?q#f", "./", "http://h/a/b/" },
		{ "http://h", "x/../y", "http://h/y" },
		{ "file:///x/y", "z", "file:///x/z" },
		{ "a/b", "../x", "x" },
		{ "", "../x", "../x" },
		{ "http://h/a//b", "c//d/./e", "http://h/a/c/d/e" },
	};
	struct arena *arena = arena_new();
	struct err err;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_string_equal(url_join(arena, sv_of(cases[i][0]), sv_of(cases[i][1]), &err), cases[i][2]);
	assert_null(url_join(arena, sv_of("http://h"), sv_of("http://[x"), &err));
	assert_string_equal(url_host(arena, sv_of("https://u:secret@Ex.org:8/p?token=1")), "ex.org:8");
	arena_free(arena);
}

static void test_nodes(void **state)
{
	static const struct node_case cases[] = {
		{ "lib.beautifulsoup.BaseUrl", "{\"url\": \"HTTPS://User@Ex.COM:1/x\"}", "\"https://User@Ex.COM:1\"" },
		{ "lib.beautifulsoup.BaseUrl", "{\"url\": \"http://[bad\"}", "!url" },
		{ "lib.beautifulsoup.BaseUrl", "{}", "!must not be empty" },
		{ "lib.beautifulsoup.HTMLToText", "{\"text\": \"<p>a</p>\\n\\n <p>b  c<br>d</p>\"}",
		  "\"a\\n\\nb c\\nd\"" },
		/* Mixed forms of a void tag lose no text. */
		{ "lib.beautifulsoup.HTMLToText", "{\"text\": \"a<br>b<br/>c\"}", "\"a\\nb\\nc\"" },
		{ "lib.beautifulsoup.HTMLToText", "{\"text\": \"<p>a</p>b\", \"preserve_linebreaks\": false}",
		  "\"ab\"" },
		{ "lib.beautifulsoup.WebsiteContentExtractor",
		  "{\"html_content\": \"<body><div id=xcontent>a <nav>n</nav> b<script>s</script></div></body>\"}",
		  "\"a b\"" },
	};
	struct harness *h = harness_new(&nodes_lib_beautifulsoup, "lib.beautifulsoup.ExtractLinks",
					"{\"html\": \"<a href=/x> t </a><a>no</a><a href='http://q'>u<i>v</i></a>\", "
					"\"base_url\": \"http://p\"}",
					NULL);

	(void)state;
	node_check(&nodes_lib_beautifulsoup, cases, ARRAY_LEN(cases));
	assert_int_equal(harness_run(h), NODE_DONE);
	assert_string_equal(harness_json(h, "href"), "[\"/x\",\"http://q\"]");
	assert_string_equal(harness_json(h, "text"), "[\"t\",\"uv\"]");
	assert_string_equal(harness_json(h, "type"), "[\"internal\",\"external\"]");
	harness_free(h);

	/* An img without src is left out, and the images around it stay. */
	h = harness_new(&nodes_lib_beautifulsoup, "lib.beautifulsoup.ExtractImages",
			"{\"html\": \"<img><img src=a.png><img alt=x>\", \"base_url\": \"http://p/q/\"}", NULL);
	assert_int_equal(harness_run(h), NODE_DONE);
	assert_int_equal(harness_count(h, "image"), 1);
	assert_string_equal(map_str(harness_output(h, "image", 0), "uri", ""), "http://p/q/a.png");
	harness_free(h);
}

static void test_dates(void **state)
{
	static const struct {
		const char *text;
		int64_t seconds;
	} dates[] = {
		{ "Mon, 01 Jan 2024 12:00:00 +0200", 1704103200 }, { "1 Feb 2023 08:09 GMT", 1675238940 },
		{ "Wed, 06 Mar 2024 01:02:03 EST", 1709704923 },   { "2024-02-29T23:59:59Z", 1709251199 },
		{ "2024-04-30T23:30:00-03:30", 1714532400 },       { "2024-05", 1714521600 },
		{ "Thu, 29 Feb 24 12:00:00 +0530", 1709188200 },
	};
	int64_t us;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(dates); i++) {
		if (feed_date(dates[i].text, &us) || us != dates[i].seconds * 1000000)
			fail_msg("%s: %lld", dates[i].text, (long long)us);
	}
	assert_int_equal(feed_date("yesterday", &us), -1);
	assert_int_equal(feed_date("31 Feb 2024 00:00", &us), -1);
	assert_int_equal(feed_date("", &us), -1);
}

static void test_feeds(void **state)
{
	static const char rss[] = "<rss><channel><title>F</title><link>/x</link><item><title>a &amp; b</title>"
				  "<guid>/g</guid><author>z</author></item></channel></rss>";
	static const char bomb[] =
		"<!DOCTYPE r [<!ENTITY a SYSTEM \"file:///etc/passwd\">]><rss><channel><title>&a;</title>"
		"</channel></rss>";
	struct arena *arena = arena_new();
	struct feed feed;

	(void)state;
	feed_parse(arena, sv_of(rss), "http://h/f", &feed);
	assert_int_equal(feed.count, 1);
	assert_string_equal(feed.link, "http://h/x");
	assert_string_equal(feed.entries[0].title, "a & b");
	assert_string_equal(feed.entries[0].link, "http://h/g");
	assert_string_equal(feed.entries[0].author, "z");
	assert_false(feed.entries[0].has_published);
	feed_parse(arena, sv_of(bomb), "", &feed);
	assert_string_equal(feed.title, "");
	feed_parse(arena, sv_of("no feed"), "", &feed);
	assert_int_equal(feed.count, 0);
	assert_string_equal(feed.title, "");
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts),    cmocka_unit_test(test_select), cmocka_unit_test(test_deep),
		cmocka_unit_test(test_unescape), cmocka_unit_test(test_join),   cmocka_unit_test(test_nodes),
		cmocka_unit_test(test_dates),    cmocka_unit_test(test_feeds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
