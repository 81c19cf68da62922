// The descriptor of package descriptor, written so that the compiler can work on
// eight numbers at once. The Go files of the package say what is computed and
// why; the order of steps here is theirs.
//
// The same bits come out whatever the processor: integers where sums have no
// order, and where they have, floats in vectors of eight lanes whatever the width
// of the registers, never contracted. The compiler's options are set here because
// cgo takes none of these.

#ifdef __clang__
#pragma STDC FP_CONTRACT OFF
#else
#pragma GCC optimize("O3", "no-math-errno", "no-trapping-math", "fp-contract=off")
#endif

#include <math.h>
#include <string.h>

#include "kernel.h"

#define INLINE static inline __attribute__((always_inline))

enum { SIDE = 64, BINS = 8 };
enum { SIZE_S = 2048, SIZE_H = 512, SIZE_T = 192, SIZE_C = 512, FEATURES = 3264, HALF = 256 };

typedef float v8 __attribute__((vector_size(32), aligned(4), may_alias));
typedef int32_t v8i __attribute__((vector_size(32), aligned(4), may_alias));

INLINE float pairs(v8 v) { return ((v[0] + v[1]) + (v[2] + v[3])) + ((v[4] + v[5]) + (v[6] + v[7])); }
#define ALL(x) ((v8){} + (x))

// Pixels: luma with its border, and L*a*b*.

INLINE void border(int32_t *map, int side) {
	int stride = side + 2;
	for (int y = 1; y <= side; y++) {
		map[y * stride] = map[y * stride + 1];
		map[y * stride + side + 1] = map[y * stride + side];
	}
	memcpy(map, map + stride, stride * sizeof *map);
	memcpy(map + (side + 1) * stride, map + side * stride, stride * sizeof *map);
}

INLINE void pixels(const uint8_t *rgb, const struct ib_table *t, struct ib_scratch *s) {
	const float matrix[3][3] = {
		{0.4124564 / 0.95047, 0.3575761 / 0.95047, 0.1804375 / 0.95047},
		{0.2126729, 0.7151522, 0.0721750},
		{0.0193339 / 1.08883, 0.1191920 / 1.08883, 0.9503041 / 1.08883},
	};
	for (int y = 0; y < SIDE; y++, rgb += 3 * SIDE) {
		int32_t *luma = s->luma + (y + 1) * (SIDE + 2) + 1;
		float channels[3][SIDE], f[3][SIDE];
		for (int x = 0; x < SIDE; x++) {
			luma[x] = 299 * rgb[3 * x] + 587 * rgb[3 * x + 1] + 114 * rgb[3 * x + 2];
			for (int c = 0; c < 3; c++) channels[c][x] = t->linear[rgb[3 * x + c]];
		}
		for (int c = 0; c < 3; c++) {
			float at[SIDE];
			int32_t step[SIDE];
			for (int x = 0; x < SIDE; x++) {
				float v = (matrix[c][0] * channels[0][x] + matrix[c][1] * channels[1][x]) + matrix[c][2] * channels[2][x];
				at[x] = v * 4096;
				step[x] = at[x] < 4096 ? (int32_t)at[x] : 4096;
			}
			for (int x = 0; x < SIDE; x++) {
				float low = t->root[step[x]], high = t->root[step[x] + 1];
				f[c][x] = low + (high - low) * (at[x] - step[x]);
			}
		}
		float *l = s->lab[0] + y * SIDE, *a = s->lab[1] + y * SIDE, *b = s->lab[2] + y * SIDE;
		for (int x = 0; x < SIDE; x++) {
			l[x] = 116 * f[1][x] - 16;
			a[x] = 500 * (f[0][x] - f[1][x]);
			b[x] = 200 * (f[1][x] - f[2][x]);
		}
	}
	border(s->luma, SIDE);
	for (int y = 0; y < SIDE / 2; y++) {
		const int32_t *from = s->luma + (2 * y + 1) * (SIDE + 2) + 1, *below = from + SIDE + 2;
		int32_t *to = s->luma_half + (y + 1) * (SIDE / 2 + 2) + 1;
		for (int x = 0; x < SIDE / 2; x++) to[x] = from[2 * x] + from[2 * x + 1] + below[2 * x] + below[2 * x + 1];
	}
	border(s->luma_half, SIDE / 2);
}

// Gradients, in eight directions, summed over cells of 4×4 pixels.

INLINE void gradients(const int32_t *luma, int side, float unit, float (*cells)[BINS]) {
	const int stride = side + 2, count = side / 4;
	for (int row = 0; row < count; row++) {
		int32_t sums[BINS][SIDE];
		memset(sums, 0, sizeof sums);
		for (int y = 4 * row; y < 4 * row + 4; y++) {
			const int32_t *here = luma + (y + 1) * stride + 1;
			for (int x = 0; x < side; x++) {
				int32_t gx = here[x + 1] - here[x - 1], gy = here[x + stride] - here[x - stride];
				int32_t left = gx >> 31, up = gy >> 31; // all ones, or none
				int32_t ax = (gx ^ left) - left, ay = (gy ^ up) - up;
				int32_t flat = -(ax >= ay), more = ax - ay, away = more >> 31;
				int32_t axis = (more ^ away) - away, both = ay + (more & away);
				sums[0][x] += axis & flat & ~left;
				sums[4][x] += axis & flat & left;
				sums[2][x] += axis & ~flat & ~up;
				sums[6][x] += axis & ~flat & up;
				sums[1][x] += both & ~left & ~up;
				sums[3][x] += both & left & ~up;
				sums[5][x] += both & left & up;
				sums[7][x] += both & ~left & up;
			}
		}
		for (int k = 0; k < BINS; k++) {
			const float root = k % 2 ? 1.41421356237309504880f : 1;
			for (int x = 0; x < count; x++) {
				const int32_t *p = sums[k] + 4 * x;
				cells[row * count + x][k] = ((p[0] + p[1]) + (p[2] + p[3])) * unit * root;
			}
		}
	}
}

// Sums over patches of what distinguishes them from the nearest centroid.

// nearest returns the first of 8×vectors centroids with the largest product
// with v less half of their own square.
INLINE int nearest(const float *v, int size, const float *columns, const float *halves, int vectors) {
	v8 score[8];
	for (int n = 0; n < vectors; n++) score[n] = -*(const v8 *)(halves + 8 * n);
	for (int k = 0; k < size; k++) {
		v8 x = ALL(v[k]);
		for (int n = 0; n < vectors; n++) score[n] += x * *(const v8 *)(columns + 8 * (k * vectors + n));
	}
	v8 best = score[0];
	v8i at = {0, 1, 2, 3, 4, 5, 6, 7};
	const v8i lane = at;
	for (int n = 1; n < vectors; n++) {
		v8i better = score[n] > best;
		best = (v8)(((v8i)score[n] & better) | ((v8i)best & ~better));
		at = ((lane + 8 * n) & better) | (at & ~better);
	}
	float most = best[0];
	int first = at[0];
	for (int n = 1; n < 8; n++) {
		if (best[n] > most || (best[n] == most && at[n] < first)) most = best[n], first = at[n];
	}
	return first;
}

// squares sums size numbers, a multiple of eight.
INLINE float squares(const float *v, int size) {
	v8 sum = {};
	for (int n = 0; n < size; n += 8) {
		v8 x = *(const v8 *)(v + n);
		sum += x * x;
	}
	return pairs(sum);
}

INLINE void normalize(float *v, int size, float least, float weight) {
	float length = sqrtf(squares(v, size));
	float factor = weight / ((length > least ? length : least) + 1e-9f);
	for (int n = 0; n < size; n++) v[n] *= factor;
}

INLINE void finish(float *block, int count, int size, float weight) {
	for (int n = 0; n < count; n++) normalize(block + n * size, size, 0, 1);
	for (int n = 0; n < count * size; n++) block[n] = copysignf(sqrtf(fabsf(block[n])), block[n]);
	normalize(block, count * size, 0, weight);
}

INLINE void shapes(const float (*cells)[BINS], int count, const struct ib_table *t, struct ib_scratch *s, float *block) {
	const int side = count - 1;
	for (int y = 0; y < side; y++) {
		for (int x = 0; x < side; x++) {
			const float *g = cells[y * count + x];
			v8 sum = (*(const v8 *)g + *(const v8 *)(g + BINS)) + (*(const v8 *)(g + BINS * count) + *(const v8 *)(g + BINS * count + BINS));
			*(v8 *)s->squares[y * side + x] = sum;
			s->energy[y * side + x] = pairs(sum);
		}
	}
	for (int y = 0; y < side - 2; y++) {
		for (int x = 0; x < side - 2; x++) {
			const int at[4] = {y * side + x, y * side + x + 2, (y + 2) * side + x, (y + 2) * side + x + 2};
			float total = ((s->energy[at[0]] + s->energy[at[1]]) + (s->energy[at[2]] + s->energy[at[3]])) + 200;
			float patch[32];
			for (int n = 0; n < 4; n++) {
				for (int k = 0; k < BINS; k++) patch[n * BINS + k] = sqrtf(s->squares[at[n]][k] / total);
			}
			int centroid = nearest(patch, 32, t->shape_columns[0], t->shape_halves, 8);
			for (int k = 0; k < 32; k++) block[centroid * 32 + k] += patch[k] - t->shapes[centroid][k];
		}
	}
}

INLINE void layout_of_edges(const float (*cells)[BINS], float *block) {
	float energy[10][10]; // with a border
	for (int y = 0; y < 10; y++) {
		for (int x = 0; x < 10; x++) {
			int v = y < 1 ? 0 : y > 8 ? 7 : y - 1, u = x < 1 ? 0 : x > 8 ? 7 : x - 1;
			energy[y][x] = pairs(*(const v8 *)cells[v * 8 + u]);
		}
	}
	for (int n = 0; n < 64; n++) {
		float sum = 0;
		for (int dy = 0; dy < 3; dy++) {
			const float *e = energy[n / 8 + dy] + n % 8;
			sum += (e[0] + e[1]) + e[2];
		}
		float around = sum * (1.0f / 9) + 120;
		for (int k = 0; k < BINS; k++) block[n * BINS + k] = sqrtf(cells[n][k] / around);
	}
}

// Colors.

INLINE void color_cells(const struct ib_scratch *s, float (*cells)[8]) {
	for (int c = 0; c < 3; c++) {
		for (int row = 0; row < 16; row++) {
			const float *p = s->lab[c] + 4 * row * SIDE;
			float columns[SIDE], mean[SIDE];
			for (int x = 0; x < SIDE; x++) columns[x] = (p[x] + p[x + SIDE]) + (p[x + 2 * SIDE] + p[x + 3 * SIDE]);
			for (int x = 0; x < 16; x++) {
				float *q = columns + 4 * x;
				float m = ((q[0] + q[1]) + (q[2] + q[3])) * (1.0f / 16);
				cells[row * 16 + x][c] = m;
				for (int k = 0; k < 4; k++) mean[4 * x + k] = m;
			}
			for (int x = 0; x < SIDE; x++) {
				float a = p[x] - mean[x], b = p[x + SIDE] - mean[x], d = p[x + 2 * SIDE] - mean[x], e = p[x + 3 * SIDE] - mean[x];
				columns[x] = (a * a + b * b) + (d * d + e * e);
			}
			for (int x = 0; x < 16; x++) {
				float *q = columns + 4 * x;
				cells[row * 16 + x][3 + c] = sqrtf(((q[0] + q[1]) + (q[2] + q[3])) * (1.0f / 16));
			}
		}
	}
}

INLINE void layout_of_colors(const float (*cells)[8], float *block) {
	float mean[3] = {0, 0, 0};
	for (int n = 0; n < 64; n++) {
		const float *a = cells[n / 8 * 32 + n % 8 * 2], *b = a + 8, *d = a + 128, *e = a + 136;
		for (int c = 0; c < 3; c++) {
			block[3 * n + c] = ((a[c] + b[c]) + (d[c] + e[c])) * 0.25f;
			mean[c] += block[3 * n + c];
		}
	}
	for (int n = 0; n < 64; n++) {
		for (int c = 0; c < 3; c++) block[3 * n + c] -= mean[c] * (1.0f / 64);
	}
}

INLINE void colors(const float (*cells)[8], const struct ib_table *t, float *block) {
	for (int y = 0; y < 15; y++) {
		for (int x = 0; x < 15; x++) {
			const int corner = y * 16 + x, at[4] = {corner, corner + 1, corner + 16, corner + 17};
			v8 low = {}, high = {};
			for (int n = 0; n < 4; n++) {
				for (int c = 0; c < 6; c++) {
					v8 v = ALL(cells[at[n]][c] * (1.0f / 50) - t->color_mean[6 * n + c]);
					const float *axes = t->axis_columns[6 * n + c];
					low += v * *(const v8 *)axes;
					high += v * *(const v8 *)(axes + 8);
				}
			}
			float patch[16];
			memcpy(patch, &low, sizeof low);
			memcpy(patch + 8, &high, sizeof high);
			int centroid = nearest(patch, 16, t->color_columns[0], t->color_halves, 4);
			for (int k = 0; k < 16; k++) block[centroid * 16 + k] += patch[k] - t->colors[centroid][k];
		}
	}
}

// Projection.

// precision is what features are multiplied by to become 16-bit integers: none is
// larger than √(2/6). As all together have length 1, the sum of their products
// with 127 is below 2³¹.
static const float precision = 56000;

// nearest_even rounds what is below 2²² in size.
INLINE int32_t nearest_even(float v) { return (int32_t)((v + 12582912.0f) - 12582912.0f); }

INLINE void project(const struct ib_table *t, const int8_t *w, struct ib_scratch *s, int8_t *out) {
	for (int n = 0; n < FEATURES; n++) s->rounded[n] = (int16_t)nearest_even(s->features[n] * precision);
	for (int column = 0; column < HALF; column++, w += FEATURES) {
		int32_t sum = 0;
		for (int n = 0; n < FEATURES; n++) sum += (int32_t)s->rounded[n] * w[n];
		s->view[column] = sum * (t->scale[column] / precision) - t->bias[column];
	}
	normalize(s->view, HALF, 0, 127 / 0.4f);
	for (int n = 0; n < HALF; n++) {
		float v = s->view[n];
		out[n] = (int8_t)nearest_even(v > 127 ? 127 : v < -127 ? -127 : v);
	}
}

INLINE void view(const uint8_t *rgb, const struct ib_table *t, const int8_t *w, struct ib_scratch *s, int8_t *out) {
	float *block_s = s->features, *block_h = block_s + SIZE_S, *block_t = block_h + SIZE_H, *block_c = block_t + SIZE_T;
	memset(s->features, 0, sizeof s->features);
	pixels(rgb, t, s);
	gradients(s->luma, SIDE, 1 / 1000.0f, s->cells);
	gradients(s->luma_half, SIDE / 2, 1 / 4000.0f, s->cells_half);
	shapes(s->cells, 16, t, s, block_s);
	shapes(s->cells_half, 8, t, s, block_s);
	finish(block_s, 64, 32, sqrtf(2.0f / 6));
	layout_of_edges(s->cells_half, block_h);
	normalize(block_h, SIZE_H, 0, sqrtf(2.0f / 6));
	color_cells(s, s->color_cells);
	layout_of_colors(s->color_cells, block_t);
	normalize(block_t, SIZE_T, 4, sqrtf(1.0f / 6));
	colors(s->color_cells, t, block_c);
	finish(block_c, 32, 16, sqrtf(1.0f / 6));
	project(t, w, s, out);
}

static void view_plain(const uint8_t *rgb, const struct ib_table *t, const int8_t *w, struct ib_scratch *s, int8_t *out) {
	view(rgb, t, w, s, out);
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) static void view_wide(const uint8_t *rgb, const struct ib_table *t, const int8_t *w, struct ib_scratch *s, int8_t *out) {
	view(rgb, t, w, s, out);
}
#endif

void ib_view(const uint8_t *rgb, const struct ib_table *t, const int8_t *w, struct ib_scratch *s, int8_t *out, int plain) {
#if defined(__x86_64__)
	if (!plain && __builtin_cpu_supports("avx2")) {
		view_wide(rgb, t, w, s, out);
		return;
	}
#endif
	(void)plain;
	view_plain(rgb, t, w, s, out);
}
