/* The two calls that imaging makes into libvips: what is in a picture, and its
 * pixels. Both are given the whole file, keep nothing, and return 0 or -1 with
 * a message that the caller frees with g_free. */
#ifndef IMAGEBATCH_VIPS_H
#define IMAGEBATCH_VIPS_H

#include <stddef.h>
#include <vips/vips.h>

typedef enum {
	IB_JPEG,
	IB_PNG,
	IB_GIF,
	IB_WEBP,
	IB_TIFF,
} ib_format;

typedef struct {
	int width;
	int height;
	int orientation; /* 0 when the picture has none */
} ib_header;

/* Applies process-wide settings: one thread a picture, no operation cache, and
 * no loader but those of ib_format. */
void ib_configure(void);

/* Reads a header without decoding pixels. */
int ib_read_header(const void *file, size_t size, ib_format format, ib_header *header, char **message);

/* Decodes the first frame or page to 8-bit sRGB, three bytes a pixel, rows
 * without padding, alpha laid on white. shrink is 1, 2, 4 or 8, and 1 unless
 * the format is JPEG. Fails when the picture does not fit into capacity bytes. */
int ib_read_pixels(const void *file, size_t size, ib_format format, int shrink,
	unsigned char *pixels, size_t capacity, int *width, int *height, char **message);

/* Loads into memory of libvips' own by the plainest of its calls, then drops
 * it: what ib_read_pixels is measured against. */
int ib_load_only(const void *file, size_t size, ib_format format, int shrink, char **message);

#endif
