#include "vips.h"

#include <malloc.h>
#include <string.h>

/* Rows that are asked for at once. libvips hands out sequential pictures in
 * strips of about this height, so more would not save calls. */
#define STRIP 16

/* Damaged files make libvips warn on standard error, a line for every strip.
 * The first of them comes back as the reason of the failure anyway. */
static void
drop(const gchar *domain, GLogLevelFlags level, const gchar *text, gpointer data)
{
}

void
ib_configure(void)
{
	static const char *const loaders[] = {
		"VipsForeignLoadJpegBuffer",
		"VipsForeignLoadPngBuffer",
		"VipsForeignLoadNsgifBuffer",
		"VipsForeignLoadWebpBuffer",
		"VipsForeignLoadTiffBuffer",
	};

	/* A decoder's buffers are of the size that malloc would hand back to the
	 * system after each picture, to fault every page in again for the next. */
	mallopt(M_MMAP_THRESHOLD, 16 << 20);
	mallopt(M_TRIM_THRESHOLD, 64 << 20);

	vips_concurrency_set(1);
	vips_cache_set_max(0);
	vips_cache_set_max_mem(0);
	vips_cache_set_max_files(0);
	vips_leak_set(FALSE);
	g_log_set_handler("VIPS", G_LOG_LEVEL_WARNING | G_LOG_LEVEL_INFO | G_LOG_LEVEL_DEBUG, drop, NULL);

	vips_block_untrusted_set(TRUE);
	vips_operation_block_set("VipsForeignLoad", TRUE);
	for (size_t i = 0; i < G_N_ELEMENTS(loaders); i++)
		vips_operation_block_set(loaders[i], FALSE);
}

static VipsImage *
load(const void *file, size_t size, ib_format format, int shrink)
{
	VipsImage *image = NULL;
	void *buffer = (void *) file; /* libvips reads it only */
	int failed = -1;

#define OPTIONS "access", VIPS_ACCESS_SEQUENTIAL, "fail_on", VIPS_FAIL_ON_ERROR
	switch (format) {
	case IB_JPEG:
		failed = vips_jpegload_buffer(buffer, size, &image, OPTIONS, "shrink", shrink, NULL);
		break;
	case IB_PNG:
		failed = vips_pngload_buffer(buffer, size, &image, OPTIONS, NULL);
		break;
	case IB_GIF:
		failed = vips_gifload_buffer(buffer, size, &image, OPTIONS, NULL);
		break;
	case IB_WEBP:
		failed = vips_webpload_buffer(buffer, size, &image, OPTIONS, NULL);
		break;
	case IB_TIFF:
		failed = vips_tiffload_buffer(buffer, size, &image, OPTIONS, NULL);
		break;
	}
#undef OPTIONS
	if (failed) {
		VIPS_UNREF(image);
		return NULL;
	}
	return image;
}

/* The following steps take over the reference to their input and return a
 * picture of their own, or NULL. */

static gboolean
zero_everywhere(VipsImage *image, int band)
{
	VipsImage *alpha = NULL;
	double least = 1, most = 1; /* of Lab they are signed */

	if (!vips_extract_band(image, &alpha, band, NULL) && !vips_min(alpha, &least, NULL))
		vips_max(alpha, &most, NULL);
	VIPS_UNREF(alpha);
	return least == 0 && most == 0;
}

/* Leaves colors and alpha, if there is any, of samples that may be more. */
static VipsImage *
pick_samples(VipsImage *in, const ib_colors *colors)
{
	VipsImage *whole, *first = NULL, *alpha = NULL, *out = NULL;
	VipsInterpretation meaning = in->Type;
	gboolean wide = in->BandFmt == VIPS_FORMAT_USHORT;

	if (!colors->colors || in->Bands <= colors->colors ||
		(in->Bands == colors->colors + 1 && colors->alpha == colors->colors && !colors->unsure))
		return in;
	switch (colors->space) {
	case IB_RGB:
		meaning = wide ? VIPS_INTERPRETATION_RGB16 : VIPS_INTERPRETATION_sRGB;
		break;
	case IB_GRAY:
		meaning = wide ? VIPS_INTERPRETATION_GREY16 : VIPS_INTERPRETATION_B_W;
		break;
	case IB_CMYK:
		meaning = VIPS_INTERPRETATION_CMYK;
		break;
	case IB_LAB:
		break;
	}
	/* Its rows are looked at more than once. */
	whole = vips_image_copy_memory(in);
	g_object_unref(in);
	if (!whole)
		return NULL;
	if (!vips_extract_band(whole, &first, 0, "n", colors->colors, NULL)) {
		if (!colors->alpha || colors->alpha >= whole->Bands ||
			(colors->unsure && zero_everywhere(whole, colors->alpha)))
			vips_copy(first, &out, "interpretation", meaning, NULL);
		else if (!vips_extract_band(whole, &alpha, colors->alpha, NULL)) {
			VipsImage *joined = NULL;

			if (!vips_bandjoin2(first, alpha, &joined, NULL))
				vips_copy(joined, &out, "interpretation", meaning, NULL);
			VIPS_UNREF(joined);
		}
	}
	VIPS_UNREF(alpha);
	VIPS_UNREF(first);
	g_object_unref(whole);
	return out;
}

/* Alpha of a Lab picture, which libvips reads as signed as the colors. */
static VipsImage *
lab_alpha(VipsImage *in)
{
	VipsImage *raw = NULL, *out = NULL;

	if (in->BandFmt == VIPS_FORMAT_SHORT && !vips_copy(in, &raw, "format", VIPS_FORMAT_USHORT, NULL))
		vips_msb(raw, &out, "band", 3, NULL);
	VIPS_UNREF(raw);
	return out;
}

/* Lab is converted first, because white is not known of it, and by lcms, because
 * in files it is for the white of D50, while vips_colourspace() takes D65's. */
static VipsImage *
convert_lab(VipsImage *in)
{
	VipsImage *alpha = NULL, *whole = NULL, *colors = NULL, *lab = NULL, *rgb = NULL, *joined = NULL, *out = NULL;

	switch (in->Type) {
	case VIPS_INTERPRETATION_LAB:
	case VIPS_INTERPRETATION_LABQ:
	case VIPS_INTERPRETATION_LABS:
		break;
	default:
		return in;
	}
	if (in->Bands > 3 && in->Coding == VIPS_CODING_NONE) {
		if ((whole = vips_image_copy_memory(in))) { /* its rows are looked at twice */
			alpha = lab_alpha(whole);
			vips_extract_band(whole, &colors, 0, "n", 3, NULL);
		}
		g_object_unref(in);
	} else
		colors = in;
	if (colors && !vips_colourspace(colors, &lab, VIPS_INTERPRETATION_LAB, NULL) &&
		!vips_icc_export(lab, &rgb, "output_profile", "srgb", "depth", 8, NULL)) {
		if (!alpha)
			out = g_object_ref(rgb);
		else if (!vips_bandjoin2(rgb, alpha, &joined, NULL))
			vips_copy(joined, &out, "interpretation", VIPS_INTERPRETATION_sRGB, NULL);
	}
	VIPS_UNREF(joined);
	VIPS_UNREF(rgb);
	VIPS_UNREF(lab);
	VIPS_UNREF(colors);
	VIPS_UNREF(alpha);
	VIPS_UNREF(whole);
	return out;
}

static VipsImage *
lay_on_white(VipsImage *in)
{
	VipsImage *out = NULL;
	double white;

	if (!vips_image_hasalpha(in))
		return in;
	switch (in->Type) {
	case VIPS_INTERPRETATION_CMYK:
		white = 0; /* no ink */
		break;
	case VIPS_INTERPRETATION_RGB16:
	case VIPS_INTERPRETATION_GREY16:
		white = 65535;
		break;
	case VIPS_INTERPRETATION_scRGB:
		white = 1;
		break;
	default:
		white = 255;
	}
	VipsArrayDouble *background = vips_array_double_newv(1, white);
	vips_flatten(in, &out, "background", background, NULL);
	vips_area_unref(VIPS_AREA(background));
	g_object_unref(in);
	return out;
}

static VipsImage *
convert_profile(VipsImage *in, const ib_colors *colors)
{
	VipsImage *out = NULL;

	if (!colors->profile)
		return in;
	vips_image_set_blob_copy(in, VIPS_META_ICC_NAME, colors->profile, colors->profile_size);
	if (vips_icc_transform(in, &out, "srgb", "embedded", TRUE, NULL)) {
		/* A broken profile does not make the picture unreadable. */
		vips_error_clear();
		VIPS_UNREF(out);
		return in;
	}
	g_object_unref(in);
	return out;
}

static VipsImage *
convert_space(VipsImage *in)
{
	VipsImage *out = NULL;

	if (in->Type == VIPS_INTERPRETATION_sRGB && in->Bands == 3 && in->BandFmt == VIPS_FORMAT_UCHAR)
		return in;
	vips_colourspace(in, &out, VIPS_INTERPRETATION_sRGB, NULL);
	g_object_unref(in);
	return out;
}

/* Runs the picture in the calling thread, strip by strip. A sink of libvips
 * would start a worker thread, which costs a tenth of a small picture. */
static int
copy_rows(VipsImage *image, unsigned char *pixels)
{
	size_t line = (size_t) image->Xsize * 3;
	VipsRegion *region;

	if (vips_image_pio_input(image))
		return -1;
	region = vips_region_new(image);
	for (int top = 0; top < image->Ysize; top += STRIP) {
		VipsRect strip = { 0, top, image->Xsize, VIPS_MIN(STRIP, image->Ysize - top) };

		if (vips_region_prepare(region, &strip)) {
			g_object_unref(region);
			return -1;
		}
		for (int row = 0; row < strip.height; row++)
			memcpy(pixels + (size_t) (top + row) * line, VIPS_REGION_ADDR(region, 0, top + row), line);
	}
	g_object_unref(region);
	return 0;
}

static int
fail(char **message)
{
	*message = vips_error_buffer_copy();
	return -1;
}

int
ib_read_pixels(const void *file, size_t size, ib_format format, int shrink, const ib_colors *colors,
	unsigned char *pixels, size_t capacity, int *width, int *height, char **message)
{
	VipsImage *image = NULL;
	int failed;

	if (format == IB_JPEG) {
		if (ib_jpeg(file, size, shrink, colors, pixels, capacity, width, height, &image))
			return fail(message);
		if (!image)
			return 0;
	} else
		image = load(file, size, format, 1);
	if (!image ||
		!(image = pick_samples(image, colors)) ||
		!(image = convert_lab(image)) ||
		!(image = lay_on_white(image)) ||
		!(image = convert_profile(image, colors)) ||
		!(image = convert_space(image)))
		return fail(message);

	if (image->Bands != 3 || image->BandFmt != VIPS_FORMAT_UCHAR ||
		(size_t) image->Xsize * image->Ysize * 3 > capacity) {
		vips_error("imaging", "unexpected form: %d x %d pixels of %d bands", image->Xsize, image->Ysize, image->Bands);
		failed = -1;
	} else {
		*width = image->Xsize;
		*height = image->Ysize;
		failed = copy_rows(image, pixels);
	}
	g_object_unref(image);
	return failed ? fail(message) : 0;
}

int
ib_load_only(const void *file, size_t size, ib_format format, int shrink, char **message)
{
	VipsImage *image = load(file, size, format, shrink);
	void *pixels;
	size_t length;

	if (!image)
		return fail(message);
	pixels = vips_image_write_to_memory(image, &length);
	g_object_unref(image);
	if (!pixels)
		return fail(message);
	g_free(pixels);
	return 0;
}
