// The inner loop of a search: an aggregate function of SQL that compares every
// row it is given and keeps the best. What is compared never leaves C.

#include "kernel.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

// The few functions of SQLite that are used. They are part of its stable
// interface, and are bound when the program is linked with the driver.
typedef struct sqlite3 sqlite3;
typedef struct sqlite3_context sqlite3_context;
typedef struct sqlite3_value sqlite3_value;
#define WEAK __attribute__((weak))
WEAK int sqlite3_auto_extension(void (*entry)(void));
WEAK int sqlite3_create_function_v2(sqlite3 *db, const char *name, int arguments, int flags, void *app,
	void (*function)(sqlite3_context *, int, sqlite3_value **), void (*step)(sqlite3_context *, int, sqlite3_value **),
	void (*final)(sqlite3_context *), void (*destroy)(void *));
WEAK void *sqlite3_aggregate_context(sqlite3_context *context, int size);
WEAK const void *sqlite3_value_blob(sqlite3_value *value);
WEAK int sqlite3_value_bytes(sqlite3_value *value);
WEAK int64_t sqlite3_value_int64(sqlite3_value *value);
WEAK double sqlite3_value_double(sqlite3_value *value);
WEAK void sqlite3_result_blob64(sqlite3_context *context, const void *blob, uint64_t size, void (*destroy)(void *));
WEAK void sqlite3_result_error(sqlite3_context *context, const char *message, int size);
WEAK void sqlite3_result_error_nomem(sqlite3_context *context);
enum { SQLITE_OK = 0, SQLITE_ERROR = 1, SQLITE_UTF8 = 1, SQLITE_DIRECTONLY = 0x80000 };

// One copy of the loops for processors of the last ten years, one for all; which
// is used is found out when the program starts.
#if defined(__x86_64__) && defined(__gnu_linux__) && defined(__GNUC__) && !defined(__clang__)
#define CLONED __attribute__((target_clones("avx2", "default")))
#else
#define CLONED
#endif
#define INLINED static inline __attribute__((always_inline))

enum { MOST_COMPONENTS = 4096 }; // of a vector: up to here no sum overflows

INLINED int32_t dot(const int16_t *restrict a, const int16_t *restrict b, int32_t length) {
	int32_t sum = 0;
	for (int32_t i = 0; i < length; i++) {
		sum += (int32_t)a[i] * (int32_t)b[i];
	}
	return sum;
}

// cosine is the same arithmetic as score in cosine.go.
INLINED double cosine(int32_t product, double square, double other) {
	if (square == 0 || other == 0) {
		return square == other;
	}
	return product / sqrt(square * other);
}

// best is the best score of a stored vector, and the first query that has it.
CLONED static double best(const kernel_plan *plan, const kernel_query *queries, const int16_t *components,
	const int8_t *stored, int64_t square, int64_t *which) {
	int16_t wide[MOST_COMPONENTS];
	int32_t half = plan->dimensions / 2;
	int64_t first = -1; // square of the first half, once it is needed
	double top = -1;
	for (int32_t i = 0; i < plan->dimensions; i++) {
		wide[i] = stored[i];
	}
	for (int32_t q = 0; q < plan->queries; q++) {
		const kernel_query *query = &queries[q];
		int64_t own = square;
		if (query->length != plan->dimensions) {
			if (first < 0) {
				first = dot(wide, wide, half);
			}
			own = query->from == 0 ? first : square - first;
		}
		double score = cosine(dot(components, wide + query->from, query->length), query->square, own) - query->penalty;
		score = score < 0 ? 0 : score > 1 ? 1 : score;
		if (score > top) {
			top = score;
			*which = q;
		}
		components += query->length;
	}
	return top;
}

CLONED void kernel_products(const int8_t *query, const int8_t *vectors, int64_t count, int64_t length, int32_t *products) {
	int16_t wide[MOST_COMPONENTS];
	for (int64_t i = 0; i < length; i++) {
		wide[i] = query[i];
	}
	for (int64_t n = 0; n < count; n++) {
		const int8_t *vector = vectors + n * length;
		int32_t sum = 0;
		for (int64_t i = 0; i < length; i++) {
			sum += (int32_t)wide[i] * (int32_t)(int16_t)vector[i];
		}
		products[n] = sum;
	}
}

// search is the state of one call of nearest().
typedef struct {
	kernel_plan plan;
	const kernel_query *queries;
	const int16_t *components;
	void *copy;   // of the plan, which the two point into
	double floor; // scores below cannot be among the best
	int64_t room; // for candidates
	kernel_tally *found;
	int failed;
} search;

INLINED kernel_candidate *candidates(search *s) { return (kernel_candidate *)(s->found + 1); }

static int grow(search *s, int64_t room) {
	kernel_tally *found = realloc(s->found, sizeof *found + (size_t)room * sizeof(kernel_candidate));
	if (found == NULL) {
		return -1;
	}
	s->found = found;
	s->room = room;
	return 0;
}

// start reads the plan. Its lengths were written by this package; they are
// checked all the same, because the function can be called by any SQL.
static const char *start(search *s, sqlite3_value *plan, double floor) {
	int32_t size = sqlite3_value_bytes(plan);
	const char *blob = sqlite3_value_blob(plan);
	if (blob == NULL || size < (int32_t)sizeof s->plan) {
		return "nearest: the plan is too short";
	}
	memcpy(&s->plan, blob, sizeof s->plan);
	int64_t need = sizeof s->plan + (int64_t)s->plan.queries * sizeof(kernel_query);
	if (s->plan.dimensions < 1 || s->plan.dimensions > MOST_COMPONENTS || s->plan.queries < 1 || s->plan.keep < 1 || need > size) {
		return "nearest: the plan is malformed";
	}
	s->copy = malloc((size_t)size);
	if (s->copy == NULL || grow(s, 1024) != 0) {
		return "nearest: out of memory";
	}
	memset(s->found, 0, sizeof *s->found);
	memcpy(s->copy, blob, (size_t)size);
	s->queries = (const kernel_query *)((char *)s->copy + sizeof s->plan);
	s->components = (const int16_t *)(s->queries + s->plan.queries);
	for (int32_t q = 0; q < s->plan.queries; q++) {
		int32_t from = s->queries[q].from, length = s->queries[q].length, half = s->plan.dimensions / 2;
		int whole = from == 0 && length == s->plan.dimensions;
		int part = s->plan.dimensions % 2 == 0 && length == half && (from == 0 || from == half);
		if (!whole && !part) {
			return "nearest: a query has no possible length";
		}
		need += length * (int64_t)sizeof(int16_t);
	}
	s->floor = floor;
	return need == size ? NULL : "nearest: the plan has another length than its queries";
}

static int by_score(const void *a, const void *b) {
	double x = ((const kernel_candidate *)a)->score, y = ((const kernel_candidate *)b)->score;
	return (x < y) - (x > y);
}

// prune drops what is not among the best, and raises the floor to the last of
// them. Those that equal it stay.
static void prune(search *s) {
	if (s->found->candidates <= s->plan.keep) {
		return;
	}
	kernel_candidate *all = candidates(s);
	qsort(all, (size_t)s->found->candidates, sizeof *all, by_score);
	int64_t last = s->plan.keep;
	s->floor = all[last - 1].score;
	while (last < s->found->candidates && all[last].score == s->floor) {
		last++;
	}
	s->found->candidates = last;
}

static int keep(search *s, kernel_candidate c) {
	if (s->found->candidates == s->room) {
		prune(s);
		if (s->found->candidates > s->room / 2 && grow(s, s->room * 2) != 0) {
			return -1;
		}
		if (c.score < s->floor) {
			return 0;
		}
	}
	candidates(s)[s->found->candidates++] = c;
	return 0;
}

static void drop(search *s) {
	free(s->copy);
	free(s->found);
	s->copy = NULL;
	s->found = NULL;
}

// nearest(plan, floor, picture, square, vector) compares one row.
static void step(sqlite3_context *context, int arguments, sqlite3_value **value) {
	(void)arguments;
	search *s = sqlite3_aggregate_context(context, sizeof *s);
	if (s == NULL) {
		sqlite3_result_error_nomem(context);
		return;
	}
	if (s->failed) {
		return;
	}
	if (s->found == NULL) {
		const char *problem = start(s, value[0], sqlite3_value_double(value[1]));
		if (problem != NULL) {
			s->failed = 1;
			drop(s);
			sqlite3_result_error(context, problem, -1);
			return;
		}
	}
	const int8_t *stored = sqlite3_value_blob(value[4]);
	if (stored == NULL || sqlite3_value_bytes(value[4]) != s->plan.dimensions) {
		return;
	}
	kernel_candidate c = {.picture = sqlite3_value_int64(value[2])};
	c.score = best(&s->plan, s->queries, s->components, stored, sqlite3_value_int64(value[3]), &c.query);
	s->found->searched++;
	if (c.score < s->plan.threshold) {
		return;
	}
	s->found->matched++;
	if (c.score >= s->floor && keep(s, c) != 0) {
		s->failed = 1;
		drop(s);
		sqlite3_result_error_nomem(context);
	}
}

// final answers with what was kept; with nothing when no row was given.
static void final(sqlite3_context *context) {
	search *s = sqlite3_aggregate_context(context, 0);
	if (s == NULL || s->found == NULL) {
		return;
	}
	if (!s->failed) {
		prune(s);
		kernel_tally *found = s->found;
		s->found = NULL;
		sqlite3_result_blob64(context, found, sizeof *found + (uint64_t)found->candidates * sizeof(kernel_candidate), free);
	}
	drop(s);
}

static int offer(sqlite3 *db, const char **problem, const void *api) {
	(void)problem;
	(void)api;
	return sqlite3_create_function_v2(db, "nearest", 5, SQLITE_UTF8 | SQLITE_DIRECTONLY, NULL, NULL, step, final, NULL);
}

int kernel_register(void) {
	if (sqlite3_auto_extension == NULL) {
		return SQLITE_ERROR; // linked without the driver
	}
	return sqlite3_auto_extension((void (*)(void))offer);
}
