/// PNG files through libpng: 8-bit grey and RGB pixels, with text entries.
///
/// libpng reports errors by longjmp, which must not cross Swift frames. Here every jump ends in the call that it started in: a failure comes
/// back as a status, and a sentence about it in the caller's buffer. No type of libpng appears.
#ifndef CPNG_H
#define CPNG_H

#include <stddef.h>
#include <stdint.h>

/// What came of a call.
typedef enum cpng_status {
    CPNG_OK = 0,
    /// The file cannot be opened; the message is the system's reason.
    CPNG_OPEN_FAILED,
    /// Writing failed, as on a full disk; the partial file has been removed if it was a regular one.
    CPNG_WRITE_FAILED,
    /// The file does not begin as a PNG does.
    CPNG_NOT_PNG,
    /// The file begins as a PNG but is cut short or damaged.
    CPNG_DAMAGED,
    /// There is not enough memory.
    CPNG_OUT_OF_MEMORY,
    /// The image has more pixels than were allowed; none was unpacked.
    CPNG_TOO_LARGE,
} cpng_status;

/// A text entry of a PNG file.
typedef struct cpng_text {
    /// 1 to 79 characters; UTF-8 of ASCII to be written, Latin-1 as read. Ends with a NUL.
    char *key;
    /// Ends with a NUL.
    char *value;
    /// As read: 1 if `value` is UTF-8 (an iTXt chunk), 0 if Latin-1 (tEXt, zTXt). Not looked at on writing.
    int is_utf8;
} cpng_text;

/// An image as read. Zero it before use, and release it with cpng_free.
typedef struct cpng_image {
    int32_t width;
    int32_t height;
    /// 1 (grey) or 3 (RGB).
    int32_t channels;
    /// height · width · channels bytes, row-major.
    uint8_t *pixels;
    /// In the order of the file.
    cpng_text *texts;
    int32_t text_count;
} cpng_image;

/// Writes an image to a path, over what may be there.
///
/// The same input gives the same bytes under one version of libpng and zlib: no time is stored, and compression level and row filter
/// are fixed. A text of ASCII alone becomes a tEXt chunk, any other an iTXt chunk; both stand before the pixels.
///
/// @param path where to write; NUL-terminated.
/// @param channels 1 (grey) or 3 (RGB).
/// @param pixels height · width · channels bytes, row-major.
/// @param texts text_count entries; may be NULL if that is 0.
/// @param message receives one line about a failure, NUL-terminated and cut to message_size bytes.
/// @return CPNG_OK, CPNG_OPEN_FAILED, CPNG_WRITE_FAILED or CPNG_OUT_OF_MEMORY.
cpng_status cpng_write(const char *path, int32_t width, int32_t height, int32_t channels, const uint8_t *pixels, const cpng_text *texts,
                       int32_t text_count, char *message, size_t message_size);

/// Reads any PNG file as 8-bit grey or RGB: palettes and small depths are widened, 16 bits are scaled to 8, alpha is dropped.
///
/// @param largest_area the most pixels, width · height, that are unpacked; an image of more is refused by its header.
/// @param reads_text whether text entries are wanted; where not, every chunk that pixels do not depend on is passed over unread. Where they
///        are, text of more than 1 MiB, unpacked, and entries after the 64th are passed over.
/// @param image receives pixels and texts; on failure it is left empty and needs no release.
/// @param message receives one line about a failure, NUL-terminated and cut to message_size bytes.
/// @return CPNG_OK, CPNG_OPEN_FAILED, CPNG_NOT_PNG, CPNG_DAMAGED, CPNG_TOO_LARGE or CPNG_OUT_OF_MEMORY.
cpng_status cpng_read(const char *path, int64_t largest_area, int reads_text, cpng_image *image, char *message, size_t message_size);

/// Releases what cpng_read allocated, and empties the image.
void cpng_free(cpng_image *image);

#endif
