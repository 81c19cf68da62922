#ifndef IMAGEBATCH_KERNEL_H
#define IMAGEBATCH_KERNEL_H

#include <stdint.h>

// kernel_register makes SQLite offer nearest() to every connection that it opens
// from then on. It returns an SQLite result code.
int kernel_register(void);

// kernel_products are the scalar products of one vector with many of the same
// length that lie behind each other.
void kernel_products(const int8_t *query, const int8_t *vectors, int64_t count, int64_t length, int32_t *products);

// What nearest() is told to look for, as a blob: a plan, then its queries, then
// their components behind each other, each 16 bits wide.
typedef struct {
	int32_t dimensions; // components of a stored vector
	int32_t queries;
	int64_t keep;      // how many of the best are wanted; more come where scores are equal
	double threshold;  // scores below do not count as matched
} kernel_plan;

typedef struct {
	int32_t from, length; // components of the stored vector that it is compared with
	double square, penalty;
} kernel_query;

// What nearest() answers, as a blob: a tally, then its candidates.
typedef struct {
	int64_t searched, matched, candidates;
} kernel_tally;

typedef struct {
	int64_t picture;
	double score;
	int64_t query;
} kernel_candidate;

#endif
