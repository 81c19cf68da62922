/* The calls that imaging makes into libvips and libjpeg. They are given the whole
 * file, keep nothing, and return 0 or -1 with a message that the caller frees
 * with g_free. */
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

/* How colors are stored. */
typedef enum {
	IB_RGB,
	IB_GRAY,
	IB_CMYK,
	IB_LAB,
} ib_space;

/* What the file says of its pixels, besides their number. */
typedef struct {
	ib_space space;
	int colors; /* samples that come first; 0: as the decoder has them */
	int alpha;  /* number of the sample that is alpha; 0: none */
	int unsure; /* alpha that is zero everywhere is none */
	const void *profile; /* to convert by; NULL: none */
	size_t profile_size;
} ib_colors;

/* Applies process-wide settings: one thread a picture, no operation cache, and
 * no loader but those of ib_format. */
void ib_configure(void);

/* Decodes the first frame or page to 8-bit sRGB, three bytes a pixel, rows
 * without padding, alpha laid on white. shrink is 1, 2, 4 or 8, and 1 unless
 * the format is JPEG. Fails when the picture does not fit into capacity bytes. */
int ib_read_pixels(const void *file, size_t size, ib_format format, int shrink, const ib_colors *colors,
	unsigned char *pixels, size_t capacity, int *width, int *height, char **message);

/* Decodes a JPEG. Where libjpeg makes RGB of it and there is no profile, that is
 * written to pixels and *image stays NULL; else *image is what it makes. The
 * blocks must have been checked: of missing ones it knows no more than to go
 * on. Returns 0, or -1 with an error of libvips. */
int ib_jpeg(const void *file, size_t size, int shrink, const ib_colors *colors,
	unsigned char *pixels, size_t capacity, int *width, int *height, VipsImage **image);

/* Loads into memory of libvips' own by the plainest of its calls, then drops
 * it: what ib_read_pixels is measured against. */
int ib_load_only(const void *file, size_t size, ib_format format, int shrink, char **message);

#endif
