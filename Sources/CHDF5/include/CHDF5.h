// Arrays and string attributes in HDF5 files, behind an interface without HDF5's types.
//
// Every function returns CH5_OK or the reason it failed; ch5_last_error() then holds a sentence on it. A file is a
// positive number. Calls from several threads are taken one at a time. HDF5 itself prints nothing.
#ifndef CHDF5_H
#define CHDF5_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Why a call failed.
enum {
    CH5_OK = 0,
    /// HDF5 refused; its most specific message is in ch5_last_error().
    CH5_FAILED = 1,
    /// No data set or attribute of that name.
    CH5_ABSENT = 2,
    /// The file is not an HDF5 file.
    CH5_NOT_HDF5 = 3,
    /// Something this interface does not read: a foreign element type, chunks, compression, too many dimensions.
    CH5_UNSUPPORTED = 4,
};

/// Element types; on disk always little-endian.
enum {
    CH5_UINT8 = 0,
    CH5_INT64 = 1,
    CH5_UINT32 = 2,
    CH5_UINT64 = 3,
    CH5_FLOAT32 = 4,
    CH5_FLOAT64 = 5,
};

/// The most dimensions that a data set can have.
#define CH5_MAX_RANK 32

/// The reason for this thread's last failure; valid until its next call.
const char *ch5_last_error(void);

/// A new file held in memory; nothing reaches a disk. Its bytes come from ch5_image.
int ch5_create(int64_t *file);
/// Opens an existing file for reading.
int ch5_open(const char *path, int64_t *file);
/// Closes a file of ch5_create or ch5_open.
int ch5_close(int64_t file);

/// The bytes of a file of ch5_create: their number in *size; copied to buffer where that is not NULL and capacity suffices.
int ch5_image(int64_t file, void *buffer, uint64_t capacity, uint64_t *size);

/// Writes a data set of the given shape (rank 0: one number) in the root group. No times are stored with it.
int ch5_write(int64_t file, const char *name, int type, int rank, const uint64_t *shape, const void *elements);
/// Element type, shape (room for CH5_MAX_RANK) and number of bytes stored in the file of a data set.
/// A data set whose bytes in the file are not those its shape declares is CH5_UNSUPPORTED.
int ch5_describe(int64_t file, const char *name, int *type, int *rank, uint64_t *shape, uint64_t *bytes);
/// Reads a whole data set, as the type that ch5_describe names, into a buffer of the size it names.
int ch5_read(int64_t file, const char *name, int type, void *elements);

/// The largest chunk in bytes: a reader unpacks a chunk whole.
#define CH5_MAX_CHUNK_BYTES (64u << 20)

/// The same as ch5_describe for a data set that is read in parts: stored in one piece or in chunks, plain or through HDF5's own
/// deflate, shuffle and Fletcher filters. Any other filter, storage outside the file, a chunk above CH5_MAX_CHUNK_BYTES or one that was
/// never written is CH5_UNSUPPORTED. *bytes is what the shape declares, which a compressed file may hold in fewer.
int ch5_describe_parts(int64_t file, const char *name, int *type, int *rank, uint64_t *shape, uint64_t *bytes);
/// Reads the entries start ..< start + count along the first dimension, as the type that ch5_describe_parts names. A chunk among them
/// that does not unpack to exactly its bytes is CH5_UNSUPPORTED, and takes no memory beyond twice those.
int ch5_read_part(int64_t file, const char *name, int type, uint64_t start, uint64_t count, void *elements);
/// Makes a data set, rank 1 or more, that is written in parts: in chunks of so many entries of the first dimension, deflated at a level
/// from 0 (stored plain) to 9. No times are stored with it.
int ch5_create_parts(int64_t file, const char *name, int type, int rank, const uint64_t *shape, uint64_t entries, int level);
/// Writes the entries start ..< start + count along the first dimension of a data set of ch5_create_parts.
int ch5_write_part(int64_t file, const char *name, int type, uint64_t start, uint64_t count, const void *elements);

/// Sets a string attribute of the root group; NUL-terminated UTF-8.
int ch5_set_attribute(int64_t file, const char *name, const char *value);
/// The bytes of a string attribute with its NUL: their number in *size; copied where buffer is not NULL and capacity suffices.
int ch5_attribute(int64_t file, const char *name, char *buffer, uint64_t capacity, uint64_t *size);

/// The number of objects in the root group, and of its attributes.
int ch5_counts(int64_t file, uint64_t *objects, uint64_t *attributes);
/// The name of the index-th object in the root group, in order of name; *is_data_set says whether it is a data set.
int ch5_object_name(int64_t file, uint64_t index, char *buffer, uint64_t capacity, int *is_data_set);
/// The name of the index-th attribute of the root group, in order of name.
int ch5_attribute_name(int64_t file, uint64_t index, char *buffer, uint64_t capacity);

#ifdef __cplusplus
}
#endif
#endif
