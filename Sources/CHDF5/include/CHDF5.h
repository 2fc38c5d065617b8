// Arrays and string attributes in HDF5 files, behind an interface without HDF5's types.
//
// Every function returns CH5_OK or the reason it failed; ch5_last_error() then holds a sentence on it. Calls from
// several threads are taken one at a time. HDF5 itself prints nothing.
//
// What is read lies in the file itself: objects are found by name in the root group, by hard links alone; storage
// outside the file, virtual data sets and links of any other kind are refused before HDF5 looks where they lead.
//
// A file that may be damaged or hostile is opened as foreign: HDF5 then sees it in a child process alone, a fork of
// this one, which is asked for what is read. A request that takes above CH5_CHILD_SECONDS of processor time, or six
// times as long by the clock, ends the child. It has CH5_CHILD_MEMORY MiB of memory beside what this process holds.
// Where HDF5 crashes in it or comes to no end, that call and all later ones on the file are CH5_CRASHED.
//
// The child runs C alone. It is forked under the lock that HDF5 is called under, so that HDF5 is at rest in it; malloc
// glibc makes whole in a child.
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
    /// Something this interface does not read: a foreign element type, chunks, compression, too many dimensions,
    /// another file.
    CH5_UNSUPPORTED = 4,
    /// The attribute is not one string.
    CH5_NO_TEXT = 5,
    /// HDF5 crashed or came to no end in the child process of a foreign file.
    CH5_CRASHED = 6,
};

/// Element types; on disk always little-endian.
enum {
    CH5_UINT8 = 0,
    CH5_INT64 = 1,
    CH5_UINT32 = 2,
    CH5_UINT64 = 3,
    CH5_FLOAT32 = 4,
    CH5_FLOAT64 = 5,
    CH5_INT8 = 6,
    CH5_INT16 = 7,
    CH5_INT32 = 8,
    CH5_UINT16 = 9,
};

/// The most dimensions that a data set can have.
#define CH5_MAX_RANK 32
/// The largest chunk in bytes: a reader unpacks a chunk whole.
#define CH5_MAX_CHUNK_BYTES (64u << 20)
/// The most unpacked bytes that a data set that is read in parts keeps.
#define CH5_MAX_CACHE_BYTES (256u << 20)
/// The longest string of an attribute.
#define CH5_MAX_TEXT_BYTES (1u << 24)
/// What the child process of a foreign file may take.
#define CH5_CHILD_SECONDS 5
#define CH5_CHILD_MEMORY 1024

typedef struct ch5_file ch5_file;
/// A data set that is read in parts; closed before its file.
typedef struct ch5_set ch5_set;

/// The reason for this thread's last failure; valid until its next call.
const char *ch5_last_error(void);

/// A new file held in memory; nothing reaches a disk. Its bytes come from ch5_image.
int ch5_create(ch5_file **file);
/// Opens an existing file for reading.
int ch5_open(const char *path, int is_foreign, ch5_file **file);
/// Closes a file of ch5_create or ch5_open.
int ch5_close(ch5_file *file);

/// The bytes of a file of ch5_create: their number in *size; copied to buffer where that is not NULL and capacity suffices.
int ch5_image(const ch5_file *file, void *buffer, uint64_t capacity, uint64_t *size);

/// Writes a data set of the given shape (rank 0: one number) in the root group. No times are stored with it.
int ch5_write(const ch5_file *file, const char *name, int type, int rank, const uint64_t *shape, const void *elements);

/// What a data set is.
typedef struct {
    /// The element type; -1 for one that is not read here.
    int type;
    /// The element type in words, such as "bool" or "float16".
    char type_name[64];
    /// -1: it has no shape, or none that was looked at.
    int rank;
    uint64_t shape[CH5_MAX_RANK];
    /// What the shape declares, which a compressed file may hold in fewer.
    uint64_t bytes;
    int is_chunked;
    /// All that keeps its storage from being read, joined by "; ", such as "lies in another file, which is not read
    /// here"; else empty. A data set in one piece has the bytes that it declares. One in chunks has them all, none
    /// above CH5_MAX_CHUNK_BYTES, plain or through HDF5's own deflate, shuffle and Fletcher filters.
    char faults[768];
} ch5_description;

/// Describes a data set; CH5_OK also where it has faults. CH5_UNSUPPORTED: the name is a link of another kind than a
/// hard one.
int ch5_describe(ch5_file *file, const char *name, ch5_description *set);
/// Reads a whole data set in one piece, as the type and into a buffer of the bytes that ch5_describe names.
int ch5_read(ch5_file *file, const char *name, int type, void *elements, uint64_t bytes);

/// Opens a data set of rank 1 or more to be read in parts. Any fault of ch5_describe is CH5_UNSUPPORTED.
int ch5_open_set(ch5_file *file, const char *name, ch5_set **set);
/// Reads the entries start ..< start + count along the first dimension, as the type that ch5_describe names, into a
/// buffer of their bytes. A chunk among them that does not hold, or unpack to, exactly its bytes is CH5_UNSUPPORTED,
/// and takes no memory beyond twice those.
int ch5_read_part(const ch5_set *set, uint64_t start, uint64_t count, void *elements, uint64_t bytes);
int ch5_close_set(ch5_set *set);

/// Makes a data set, rank 1 or more, that is written in parts: in chunks of so many entries of the first dimension, deflated at a level
/// from 0 (stored plain) to 9. No times are stored with it.
int ch5_create_parts(const ch5_file *file, const char *name, int type, int rank, const uint64_t *shape, uint64_t entries, int level);
/// Writes the entries start ..< start + count along the first dimension of a data set of ch5_create_parts.
int ch5_write_part(const ch5_file *file, const char *name, int type, uint64_t start, uint64_t count, const void *elements);

/// Sets a string attribute of the root group; NUL-terminated UTF-8.
int ch5_set_attribute(const ch5_file *file, const char *name, const char *value);
/// A string attribute of the root group, of fixed or variable length, NUL-terminated; the caller frees it. CH5_NO_TEXT:
/// it is not one string. Of a foreign file it is text that stands in the file.
int ch5_attribute(ch5_file *file, const char *name, char **text);

/// The names of the root group's data sets, or of its attributes, each with its NUL, in order: *size bytes, which the
/// caller frees. Links that are not hard ones are left out, and not followed.
int ch5_names(ch5_file *file, int of_attributes, char **names, uint64_t *size);

#ifdef __cplusplus
}
#endif
#endif
