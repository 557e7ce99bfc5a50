/* One value per group of rows. */
#include "value/pyform.h"
#include "wsd/nodes/frame.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct job {
	const struct frame_col *col;
	const struct frame_codes *codes;
	const char *how;
	struct err *err;
};

/* Groups of rows that take part; missing values never do. */
#define EACH_ROW(job, i, g)                                                                                            \
	for (size_t i = 0; i < (job)->col->n; i++)                                                                     \
		if ((job)->codes->of[i] != FRAME_NO_ROW)                                                               \
			for (uint32_t g = (job)->codes->of[i], once_ = 1; once_; once_ = 0)

/* ---- numbers ------------------------------------------------------------------------------------------ */

static struct frame_col *sum_whole(const struct job *job)
{
	struct frame_col *out = frame_col_new(FRAME_INT, job->codes->count);
	const struct frame_col *col = job->col;

	EACH_ROW(job, i, g)
	out->i[g] = (int64_t)((uint64_t)out->i[g] + (uint64_t)(col->kind == FRAME_INT ? col->i[i] : col->b[i]));
	return out;
}

/* Sums with Kahan's correction; a mean divides by the number of values. */
static struct frame_col *sum_floats(const struct job *job, bool mean)
{
	struct frame_col *out = frame_col_new(FRAME_FLOAT, job->codes->count);
	double *correction = xcalloc(out->n + 1, sizeof(*correction));
	size_t *count = xcalloc(out->n + 1, sizeof(*count));

	EACH_ROW(job, i, g)
	{
		double d = frame_number(job->col, i);
		double y = d - correction[g];
		double t = out->f[g] + y;

		if (isnan(d))
			continue;
		correction[g] = t - out->f[g] - y;
		if (!isfinite(correction[g]))
			correction[g] = 0;
		out->f[g] = t;
		count[g]++;
	}
	for (size_t g = 0; mean && g < out->n; g++)
		out->f[g] = count[g] ? out->f[g] / (double)count[g] : NAN;
	free(correction);
	free(count);
	return out;
}

static struct frame_col *group_sum(const struct job *job)
{
	return job->col->kind == FRAME_FLOAT ? sum_floats(job, false) : sum_whole(job);
}

static struct frame_col *group_mean(const struct job *job)
{
	return sum_floats(job, true);
}

/* Welford's method; n - 1. */
static struct frame_col *group_var(const struct job *job)
{
	struct frame_col *out = frame_col_new(FRAME_FLOAT, job->codes->count);
	double *mean = xcalloc(out->n + 1, sizeof(*mean));
	size_t *count = xcalloc(out->n + 1, sizeof(*count));

	EACH_ROW(job, i, g)
	{
		double d = frame_number(job->col, i);
		double delta = d - mean[g];

		if (isnan(d))
			continue;
		count[g]++;
		mean[g] += delta / (double)count[g];
		out->f[g] += delta * (d - mean[g]);
	}
	for (size_t g = 0; g < out->n; g++)
		out->f[g] = count[g] > 1 ? out->f[g] / (double)(count[g] - 1) : NAN;
	free(mean);
	free(count);
	return out;
}

static struct frame_col *group_std(const struct job *job)
{
	struct frame_col *out = group_var(job);

	for (size_t g = 0; g < out->n; g++)
		out->f[g] = sqrt(out->f[g]);
	return out;
}

static int by_number(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static struct frame_col *group_median(const struct job *job)
{
	size_t groups = job->codes->count;
	struct frame_col *out = frame_col_new(FRAME_FLOAT, groups);
	size_t *end = xcalloc(groups + 1, sizeof(*end));
	double *values = xcalloc(job->col->n + 1, sizeof(*values));
	size_t start = 0;

	EACH_ROW(job, i, g)
	end[g + 1] += !isnan(frame_number(job->col, i));
	for (size_t g = 0; g < groups; g++)
		end[g + 1] += end[g];
	/* end[g] is where group g begins; filling moves it to where it ends. */
	EACH_ROW(job, i, g)
	if (!isnan(frame_number(job->col, i)))
		values[end[g]++] = frame_number(job->col, i);
	for (size_t g = 0; g < groups; start = end[g++]) {
		size_t n = end[g] - start;
		double *part = values + start;

		qsort(part, n, sizeof(*part), by_number);
		out->f[g] = n ? (part[(n - 1) / 2] + part[n / 2]) / 2 : NAN;
	}
	free(values);
	free(end);
	return out;
}

/* ---- all kinds ---------------------------------------------------------------------------------------- */

static struct frame_col *group_count(const struct job *job)
{
	struct frame_col *out = frame_col_new(FRAME_INT, job->codes->count);

	EACH_ROW(job, i, g)
	out->i[g] += !frame_cell_missing(job->col, i);
	return out;
}

/* The order of two cells that are not missing: -1, 0, 1; 2 with the reason. */
static int compare_cells(const struct job *job, size_t a, size_t b)
{
	const struct frame_col *col = job->col;
	struct sv x;
	struct sv y;
	int order = 0;

	if (col->kind == FRAME_ANY)
		return pyform_compare(col->v[a], col->v[b], &order, job->err) == 0 ? order : 2;
	if (col->kind == FRAME_INT)
		return col->i[a] < col->i[b] ? -1 : col->i[a] > col->i[b];
	if (col->kind != FRAME_TEXT)
		return frame_number(col, a) < frame_number(col, b) ? -1 : frame_number(col, a) > frame_number(col, b);
	x = col->t[a];
	y = col->t[b];
	order = memcmp(x.p, y.p, x.n < y.n ? x.n : y.n);
	return order ? (order < 0 ? -1 : 1) : x.n < y.n ? -1 : x.n > y.n;
}

/* The chosen row of each group; rows that are missing are never chosen. */
static struct frame_col *choose(const struct job *job)
{
	uint32_t *rows = xmalloc((job->codes->count + 1) * sizeof(*rows));
	int want = strcmp(job->how, "min") == 0 ? -1 : 1;
	bool ordered = job->how[0] == 'm';
	bool last = strcmp(job->how, "last") == 0;
	struct frame_col *out = NULL;
	int order = 0;

	for (size_t g = 0; g < job->codes->count; g++)
		rows[g] = FRAME_NO_ROW;
	EACH_ROW(job, i, g)
	{
		if (frame_cell_missing(job->col, i) || order == 2)
			continue;
		if (rows[g] != FRAME_NO_ROW && ordered)
			order = compare_cells(job, i, rows[g]);
		if (rows[g] == FRAME_NO_ROW || last || (ordered && order == want))
			rows[g] = (uint32_t)i;
	}
	if (order != 2)
		out = frame_col_take(job->col, rows, job->codes->count);
	for (size_t g = 0; out && out->kind == FRAME_TEXT && !ordered && g < out->n; g++)
		if (!out->t[g].p)
			out->t[g].n = 1; /* null, where min and max have NaN */
	free(rows);
	return out;
}

/* a + b of values: texts one behind the other, numbers added. */
static struct value *plus(const struct value *a, const struct value *b, struct err *err)
{
	struct value *out;
	char *text;
	size_t n;

	if (!value_is(a, VALUE_STR) || !value_is(b, VALUE_STR))
		return pyform_arith(PYFORM_ADD, a, b, err);
	n = value_len(a) + value_len(b);
	text = xmalloc(n + 1);
	memcpy(text, value_text(a), value_len(a));
	memcpy(text + value_len(a), value_text(b), value_len(b));
	text[n] = '\0';
	out = value_str_take(text, n);
	return out;
}

static struct frame_col *sum_values(const struct job *job)
{
	struct value **sums = xcalloc(job->codes->count + 1, sizeof(struct value *));
	struct frame_col *out = NULL;
	bool failed = false;

	EACH_ROW(job, i, g)
	{
		struct value *cell;
		struct value *sum;

		if (failed || frame_cell_missing(job->col, i))
			continue;
		cell = frame_cell(job->col, i);
		sum = sums[g] ? plus(sums[g], cell, job->err) : value_ref(cell);
		failed = !sum;
		value_unref(sums[g]);
		sums[g] = sum;
		value_unref(cell);
	}
	for (size_t g = 0; g < job->codes->count; g++)
		if (!sums[g])
			sums[g] = value_int(0);
	if (!failed)
		out = frame_col_of(sums, job->codes->count);
	for (size_t g = 0; g < job->codes->count; g++)
		value_unref(sums[g]);
	free(sums);
	return out;
}

/* Texts of a group one behind the other, in one pass. */
static struct frame_col *sum_texts(const struct job *job)
{
	size_t groups = job->codes->count;
	size_t *at = xcalloc(groups + 1, sizeof(*at));
	struct frame_col *out = frame_col_new(FRAME_TEXT, groups);
	struct frame_col *any = NULL;
	size_t total = 0;
	char *block;

	EACH_ROW(job, i, g)
	{
		at[g] += job->col->t[i].p ? job->col->t[i].n : 0;
		total += job->col->t[i].p ? job->col->t[i].n : 0;
	}
	block = xmalloc(total + 1);
	total = 0;
	for (size_t g = 0; g < groups; g++) {
		size_t len = at[g];

		at[g] = total;
		total += len;
	}
	block[total] = '\0';
	EACH_ROW(job, i, g)
	{
		struct sv text = job->col->t[i];

		if (!text.p)
			continue;
		if (!out->t[g].p)
			out->t[g].p = block + at[g];
		memcpy(block + at[g], text.p, text.n);
		at[g] += text.n;
		out->t[g].n += text.n;
	}
	out->keep = value_list();
	list_push(out->keep, value_bytes_take(block, total));
	free(at);
	for (size_t g = 0; g < groups; g++) {
		if (out->t[g].p)
			continue;
		any = any ? any : frame_col_cast(out, FRAME_ANY);
		value_unref(any->v[g]);
		any->v[g] = value_int(0); /* groups without any text */
	}
	if (!any)
		return out;
	frame_col_unref(out);
	return any;
}

/* ---- by name ------------------------------------------------------------------------------------------ */

static const struct {
	const char *how;
	struct frame_col *(*numbers)(const struct job *job);
	struct frame_col *(*texts)(const struct job *job);
	struct frame_col *(*any)(const struct job *job); /* NULL: as numbers, if they are */
} aggregations[] = {
	{ "sum", group_sum, sum_texts, sum_values },
	{ "mean", group_mean, NULL, NULL },
	{ "count", group_count, group_count, group_count },
	{ "min", choose, choose, choose },
	{ "max", choose, choose, choose },
	{ "std", group_std, NULL, NULL },
	{ "var", group_var, NULL, NULL },
	{ "median", group_median, NULL, NULL },
	{ "first", choose, choose, choose },
	{ "last", choose, choose, choose },
};

bool frame_aggregation_known(const char *how)
{
	for (size_t i = 0; i < ARRAY_LEN(aggregations); i++)
		if (strcmp(aggregations[i].how, how) == 0)
			return true;
	return false;
}

/* Numbers and missing values as floats; NULL when there is anything else. */
static struct frame_col *as_floats(const struct frame_col *col)
{
	struct frame_col *out = frame_col_new(FRAME_FLOAT, col->n);
	struct err ignored;

	for (size_t i = 0; i < col->n; i++) {
		if (frame_cell_missing(col, i)) {
			out->f[i] = NAN;
		} else if (col->kind != FRAME_ANY || pyform_to_double(col->v[i], &out->f[i], &ignored) != 0) {
			frame_col_unref(out);
			return NULL;
		}
	}
	return out;
}

struct frame_col *frame_aggregate(const struct frame_col *col, struct sv name, const struct frame_codes *codes,
				  const char *how, struct err *err)
{
	struct err why = { .detail = "it needs numbers" };
	struct job job = { col, codes, how, &why };
	struct frame_col *floats = NULL;
	struct frame_col *out = NULL;

	for (size_t i = 0; i < ARRAY_LEN(aggregations); i++) {
		if (strcmp(aggregations[i].how, how) != 0)
			continue;
		if (frame_col_numeric(col)) {
			out = aggregations[i].numbers(&job);
		} else if (aggregations[i].texts) {
			out = (col->kind == FRAME_TEXT ? aggregations[i].texts : aggregations[i].any)(&job);
		} else if ((floats = as_floats(col))) {
			job.col = floats;
			out = aggregations[i].numbers(&job);
		}
	}
	if (!out)
		err_set(err, 400, "the %s of column \"%.*s\" cannot be made: %s", how,
			(int)(name.n < 200 ? name.n : 200), name.p, why.detail);
	frame_col_unref(floats);
	return out;
}
