#include "vips.h"

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

/* An error of libjpeg ends in longjmp, which leaves no destructor behind. What is
 * to be freed is therefore here. */
typedef struct {
	struct jpeg_error_mgr errors;
	jmp_buf back;
	struct jpeg_decompress_struct decoder;
	unsigned char *volatile made; /* pixels that are not the caller's */
} ib_reader;

static void
give_up(j_common_ptr decoder)
{
	char text[JMSG_LENGTH_MAX];

	decoder->err->format_message(decoder, text);
	vips_error("VipsJpeg", "%s", text);
	longjmp(((ib_reader *) decoder->err)->back, 1);
}

/* Warnings that are not about the blocks are harmless: what a marker of Adobe or
 * JFIF says that libjpeg does not know, bytes between segments, and the end of
 * the file behind the last block. */
static void
warn(j_common_ptr decoder, int level)
{
	if (level >= 0)
		return;
	switch (decoder->err->msg_code) {
	case JWRN_HIT_MARKER:
	case JWRN_HUFF_BAD_CODE:
	case JWRN_ARITH_BAD_CODE:
	case JWRN_MUST_RESYNC:
		give_up(decoder);
	}
}

static void
say_nothing(j_common_ptr decoder)
{
}

/* Wraps what was decoded as a picture that frees it. */
static VipsImage *
wrapped(ib_reader *reader, int width, int height)
{
	struct jpeg_decompress_struct *decoder = &reader->decoder;
	int bands = decoder->output_components;
	VipsImage *raw, *image = NULL;

	raw = vips_image_new_from_memory(reader->made, (size_t) width * height * bands,
		width, height, bands, VIPS_FORMAT_UCHAR);
	if (!raw)
		return NULL;
	vips_copy(raw, &image, "interpretation",
		bands == 1 ? VIPS_INTERPRETATION_B_W : bands == 4 ? VIPS_INTERPRETATION_CMYK : VIPS_INTERPRETATION_sRGB, NULL);
	g_object_unref(raw);
	if (image) {
		g_signal_connect_swapped(image, "postclose", G_CALLBACK(g_free), reader->made);
		reader->made = NULL;
	}
	return image;
}

static void
invert(unsigned char *row, size_t length)
{
	for (size_t i = 0; i < length; i++)
		row[i] = 255 - row[i];
}

int
ib_jpeg(const void *file, size_t size, int shrink, const ib_colors *colors,
	unsigned char *pixels, size_t capacity, int *width, int *height, VipsImage **image)
{
	ib_reader reader = { 0 };
	struct jpeg_decompress_struct *decoder = &reader.decoder;
	unsigned char *out;
	size_t kept, need;

	decoder->err = jpeg_std_error(&reader.errors);
	reader.errors.error_exit = give_up;
	reader.errors.emit_message = warn;
	reader.errors.output_message = say_nothing;
	if (setjmp(reader.back)) {
		jpeg_destroy_decompress(decoder);
		g_free(reader.made);
		return -1;
	}
	jpeg_create_decompress(decoder);
	jpeg_mem_src(decoder, file, size);
	jpeg_read_header(decoder, TRUE);
	decoder->scale_num = 1;
	decoder->scale_denom = shrink;
	if (decoder->num_components == 4)
		decoder->out_color_space = JCS_CMYK;
	else if (!colors->profile || decoder->num_components == 3)
		decoder->out_color_space = JCS_RGB;
	else
		decoder->out_color_space = JCS_GRAYSCALE;
	jpeg_start_decompress(decoder);

	/* The last column and row of a fraction can be of less than a whole block of
	 * pixels; they are left out, as libvips does. */
	*width = VIPS_MAX(1, (int) decoder->image_width / shrink);
	*height = VIPS_MAX(1, (int) decoder->image_height / shrink);
	kept = (size_t) *width * decoder->output_components;
	need = kept * (*height - 1) + (size_t) decoder->output_width * decoder->output_components;
	out = pixels;
	if (colors->profile || decoder->output_components != 3) {
		reader.made = g_try_malloc(need);
		if (!reader.made)
			ERREXIT1(decoder, JERR_OUT_OF_MEMORY, 0);
		out = reader.made;
	} else if (need > capacity)
		ERREXIT(decoder, JERR_BAD_LENGTH);
	while (decoder->output_scanline < (JDIMENSION) *height) {
		JSAMPROW row = out + kept * decoder->output_scanline;

		jpeg_read_scanlines(decoder, &row, 1);
		if (decoder->output_components == 4 && decoder->saw_Adobe_marker)
			invert(row, kept); /* Adobe writes how much ink is missing */
	}
	*image = reader.made ? wrapped(&reader, *width, *height) : NULL;
	jpeg_destroy_decompress(decoder);
	if (reader.made) {
		g_free(reader.made);
		return -1;
	}
	return 0;
}
