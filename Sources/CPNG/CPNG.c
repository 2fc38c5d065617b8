#include "CPNG.h"

#include <errno.h>
#include <png.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/// What libpng last complained of, and the system's reason at that moment.
struct complaint {
    char text[160];
    int system_error;
};

static void on_error(png_structp png, png_const_charp text)
{
    struct complaint *complaint = png_get_error_ptr(png);
    complaint->system_error = errno;
    snprintf(complaint->text, sizeof complaint->text, "%s", text);
    png_longjmp(png, 1);
}

/// libpng's own would print to standard error.
static void on_warning(png_structp png, png_const_charp text)
{
    (void)png;
    (void)text;
}

static int is_ascii(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text > 0x7e) return 0;
    return 1;
}

// MARK: - Writing

static cpng_status encode(FILE *file, int32_t width, int32_t height, int32_t channels, const uint8_t *pixels, const cpng_text *texts,
                          int32_t text_count, struct complaint *complaint)
{
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, complaint, on_error, on_warning);
    if (!png) return CPNG_OUT_OF_MEMORY;
    png_infop info = png_create_info_struct(png);
    if (!info) {
        png_destroy_write_struct(&png, NULL);
        return CPNG_OUT_OF_MEMORY;
    }
    if (setjmp(png_jmpbuf(png))) {
        png_destroy_write_struct(&png, &info);
        return CPNG_WRITE_FAILED;
    }
    png_init_io(png, file);
    png_set_compression_level(png, 6);
    png_set_filter(png, PNG_FILTER_TYPE_BASE, PNG_ALL_FILTERS);
    png_set_IHDR(png, info, (png_uint_32)width, (png_uint_32)height, 8, channels == 1 ? PNG_COLOR_TYPE_GRAY : PNG_COLOR_TYPE_RGB,
                 PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    for (int32_t i = 0; i < text_count; i++) {
        png_text text;
        memset(&text, 0, sizeof text);
        text.compression = is_ascii(texts[i].value) ? PNG_TEXT_COMPRESSION_NONE : PNG_ITXT_COMPRESSION_NONE;
        text.key = texts[i].key;
        text.text = texts[i].value;
        png_set_text(png, info, &text, 1);
    }
    png_write_info(png, info);
    const size_t row = (size_t)width * (size_t)channels;
    for (int32_t y = 0; y < height; y++) png_write_row(png, pixels + (size_t)y * row);
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    return CPNG_OK;
}

cpng_status cpng_write(const char *path, int32_t width, int32_t height, int32_t channels, const uint8_t *pixels, const cpng_text *texts,
                       int32_t text_count, char *message, size_t message_size)
{
    FILE *file = fopen(path, "wb");
    if (!file) {
        snprintf(message, message_size, "%s", strerror(errno));
        return CPNG_OPEN_FAILED;
    }
    struct complaint complaint = {"not enough memory", 0};
    errno = 0;
    cpng_status status = encode(file, width, height, channels, pixels, texts, text_count, &complaint);
    // A device such as /dev/full is not ours to remove.
    struct stat about;
    const int is_regular = fstat(fileno(file), &about) == 0 && S_ISREG(about.st_mode);
    // What the system refuses only when the last bytes are flushed is a failed write as well.
    if (fclose(file) != 0 && status == CPNG_OK) {
        status = CPNG_WRITE_FAILED;
        complaint.system_error = errno;
    }
    if (status != CPNG_OK) {
        snprintf(message, message_size, "%s", complaint.system_error ? strerror(complaint.system_error) : complaint.text);
        if (is_regular) unlink(path);
    }
    return status;
}

// MARK: - Reading

static char *copy_of(png_structp png, const char *text)
{
    char *copy = strdup(text ? text : "");
    if (!copy) png_error(png, "not enough memory for text");
    return copy;
}

/// What a file may make libpng hold beside its pixels: the bytes of a chunk, packed or not, and how many chunks of text.
enum { largest_chunk = 1 << 20, most_chunks = 64 };

/// Every chunk that pixels do not depend on: passed over by its length, whatever it unpacks to.
static const unsigned char passed_over[] = "bKGD\0cHRM\0eXIf\0gAMA\0hIST\0iCCP\0iTXt\0oFFs\0pCAL\0pHYs\0sBIT\0sCAL\0sPLT\0sRGB\0sTER\0tEXt\0tIME\0zTXt";

static cpng_status decode(FILE *file, int64_t largest_area, int reads_text, cpng_image *image, struct complaint *complaint)
{
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, complaint, on_error, on_warning);
    if (!png) return CPNG_OUT_OF_MEMORY;
    png_infop info = png_create_info_struct(png);
    if (!info) {
        png_destroy_read_struct(&png, NULL, NULL);
        return CPNG_OUT_OF_MEMORY;
    }
    if (setjmp(png_jmpbuf(png))) {
        png_destroy_read_struct(&png, &info, NULL);
        return CPNG_DAMAGED;
    }
    png_init_io(png, file);
    png_set_sig_bytes(png, 8);
    png_set_chunk_malloc_max(png, largest_chunk);
    png_set_chunk_cache_max(png, most_chunks);
    if (!reads_text) png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, passed_over, sizeof passed_over / 5);
    png_read_info(png, info);
    const int64_t width = png_get_image_width(png, info), height = png_get_image_height(png, info);
    if (width * height > largest_area) {
        snprintf(complaint->text, sizeof complaint->text, "an image of %lld × %lld pixels, at most %lld in all are read",
                 (long long)width, (long long)height, (long long)largest_area);
        png_destroy_read_struct(&png, &info, NULL);
        return CPNG_TOO_LARGE;
    }
    png_set_expand(png);
    png_set_scale_16(png);
    png_set_strip_alpha(png);
    const int passes = png_set_interlace_handling(png);
    png_read_update_info(png, info);
    image->width = (int32_t)png_get_image_width(png, info);
    image->height = (int32_t)png_get_image_height(png, info);
    image->channels = png_get_channels(png, info);
    const size_t row = png_get_rowbytes(png, info);
    if (row > SIZE_MAX / (size_t)image->height) png_error(png, "the image is too large");
    image->pixels = malloc(row * (size_t)image->height);
    if (!image->pixels) {
        png_destroy_read_struct(&png, &info, NULL);
        return CPNG_OUT_OF_MEMORY;
    }
    for (int pass = 0; pass < passes; pass++)
        for (int32_t y = 0; y < image->height; y++) png_read_row(png, image->pixels + (size_t)y * row, NULL);
    png_read_end(png, info);

    png_textp texts = NULL;
    const int count = png_get_text(png, info, &texts, NULL);
    if (count > 0) {
        image->texts = calloc((size_t)count, sizeof *image->texts);
        if (!image->texts) png_error(png, "not enough memory for text");
        image->text_count = count;
        for (int i = 0; i < count; i++) {
            image->texts[i].key = copy_of(png, texts[i].key);
            image->texts[i].value = copy_of(png, texts[i].text);
            image->texts[i].is_utf8 = texts[i].compression >= PNG_ITXT_COMPRESSION_NONE;
        }
    }
    png_destroy_read_struct(&png, &info, NULL);
    return CPNG_OK;
}

cpng_status cpng_read(const char *path, int64_t largest_area, int reads_text, cpng_image *image, char *message, size_t message_size)
{
    memset(image, 0, sizeof *image);
    FILE *file = fopen(path, "rb");
    if (!file) {
        snprintf(message, message_size, "%s", strerror(errno));
        return CPNG_OPEN_FAILED;
    }
    unsigned char signature[8];
    errno = 0;
    if (fread(signature, 1, sizeof signature, file) != sizeof signature || png_sig_cmp(signature, 0, sizeof signature) != 0) {
        const int system_error = ferror(file) ? errno : 0;
        fclose(file);
        snprintf(message, message_size, "%s", system_error ? strerror(system_error) : "the PNG signature is missing");
        return system_error ? CPNG_OPEN_FAILED : CPNG_NOT_PNG;
    }
    struct complaint complaint = {"not enough memory", 0};
    const cpng_status status = decode(file, largest_area, reads_text, image, &complaint);
    if (status != CPNG_OK) {
        cpng_free(image);
        snprintf(message, message_size, "%s", status == CPNG_DAMAGED && feof(file) ? "the file ends early" : complaint.text);
    }
    fclose(file);
    return status;
}

void cpng_free(cpng_image *image)
{
    for (int32_t i = 0; i < image->text_count; i++) {
        free(image->texts[i].key);
        free(image->texts[i].value);
    }
    free(image->texts);
    free(image->pixels);
    memset(image, 0, sizeof *image);
}
