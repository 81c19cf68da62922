#ifndef IMAGEBATCH_DESCRIPTOR_KERNEL_H
#define IMAGEBATCH_DESCRIPTOR_KERNEL_H

#include <stdint.h>

// What a view is computed with, laid out for the kernel: codebooks also with
// their columns together, and half the square of each centroid.
struct ib_table {
	float linear[256], root[4098];
	float shapes[64][32], shape_columns[32][64], shape_halves[64];
	float color_mean[24], axis_columns[24][16];
	float colors[32][16], color_columns[16][32], color_halves[32];
	float scale[256], bias[256];
};

// Memory of one view in the making. Luma has a border on each side.
struct ib_scratch {
	float lab[3][64 * 64];
	int32_t luma[66 * 66], luma_half[34 * 34];
	float cells[16 * 16][8], cells_half[8 * 8][8];
	float squares[15 * 15][8], energy[15 * 15];
	float color_cells[16 * 16][8]; // the last two are not used
	float features[3264];
	int16_t rounded[3264];
	float view[256];
};

// ib_view computes the view of a thumbnail of 64×64 pixels. w is the projection,
// column after column. Afterwards lab holds the thumbnail in L*a*b*. The result
// does not depend on plain, which leaves wide registers unused.
void ib_view(const uint8_t *rgb, const struct ib_table *table, const int8_t *w, struct ib_scratch *scratch, int8_t *out, int plain);

#endif
