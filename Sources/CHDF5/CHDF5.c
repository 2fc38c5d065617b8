// memmem, close_range
#define _GNU_SOURCE
#include "CHDF5.h"

#if __has_include(<hdf5.h>)
#include <hdf5.h>
#else
#include <hdf5/serial/hdf5.h>
#endif

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>

// A foreign file is open in a child process alone.
struct ch5_file {
    hid_t id;
    pid_t child;
    int socket;
    // Why the child is gone; empty while it is there.
    char end[160];
};

// A data set that is read in parts, in the process that has it open.
struct rows {
    hid_t id;
    int type;
    // A bit for each place of a chunk along the first dimension: whether the chunks there have been checked. NULL where
    // nothing is to be checked.
    uint8_t *checked;
};

struct ch5_set {
    // NULL: the rows are of this process.
    ch5_file *foreign;
    // Of a foreign file, an address in the child, which means nothing here.
    struct rows *rows;
    uint64_t entry_bytes;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static _Thread_local char last_error[1024];

// What a damaged file leaves open inside HDF5 must not be closed when the process ends: HDF5 would try without end, and print. Files of
// this interface are closed by their own call.
static void leave_exit_alone(void) { H5dont_atexit(); }

// Serialises the calls, and turns HDF5's printing off: its error stack, and so that setting, is per thread.
static void enter(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, leave_exit_alone);
    pthread_mutex_lock(&mutex);
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    H5Eclear2(H5E_DEFAULT);
}

static int leave(int code) {
    pthread_mutex_unlock(&mutex);
    return code;
}

static int fail(int code, const char *message) {
    snprintf(last_error, sizeof last_error, "%s", message);
    return code;
}

// The walk goes from the innermost record, the most specific one, outwards: keep the first.
static herr_t keep_first(unsigned n, const H5E_error2_t *record, void *unused) {
    (void)unused;
    if (n == 0 && record->desc) snprintf(last_error, sizeof last_error, "%s", record->desc);
    return 0;
}

static int failed(const char *otherwise) {
    fail(CH5_FAILED, otherwise);
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, keep_first, NULL);
    return CH5_FAILED;
}

const char *ch5_last_error(void) { return last_error; }

// The element types: how memory has them, and a file in either byte order.
static hid_t memory_type(int type) {
    switch (type) {
    case CH5_UINT8: return H5T_NATIVE_UINT8;
    case CH5_INT64: return H5T_NATIVE_INT64;
    case CH5_UINT32: return H5T_NATIVE_UINT32;
    case CH5_UINT64: return H5T_NATIVE_UINT64;
    case CH5_FLOAT32: return H5T_NATIVE_FLOAT;
    case CH5_FLOAT64: return H5T_NATIVE_DOUBLE;
    case CH5_INT8: return H5T_NATIVE_INT8;
    case CH5_INT16: return H5T_NATIVE_INT16;
    case CH5_INT32: return H5T_NATIVE_INT32;
    case CH5_UINT16: return H5T_NATIVE_UINT16;
    default: return -1;
    }
}

static hid_t file_type(int type) {
    switch (type) {
    case CH5_UINT8: return H5T_STD_U8LE;
    case CH5_INT64: return H5T_STD_I64LE;
    case CH5_UINT32: return H5T_STD_U32LE;
    case CH5_UINT64: return H5T_STD_U64LE;
    case CH5_FLOAT32: return H5T_IEEE_F32LE;
    case CH5_FLOAT64: return H5T_IEEE_F64LE;
    case CH5_INT8: return H5T_STD_I8LE;
    case CH5_INT16: return H5T_STD_I16LE;
    case CH5_INT32: return H5T_STD_I32LE;
    case CH5_UINT16: return H5T_STD_U16LE;
    default: return -1;
    }
}

static hid_t big_endian_type(int type) {
    switch (type) {
    case CH5_UINT8: return H5T_STD_U8BE;
    case CH5_INT64: return H5T_STD_I64BE;
    case CH5_UINT32: return H5T_STD_U32BE;
    case CH5_UINT64: return H5T_STD_U64BE;
    case CH5_FLOAT32: return H5T_IEEE_F32BE;
    case CH5_FLOAT64: return H5T_IEEE_F64BE;
    case CH5_INT8: return H5T_STD_I8BE;
    case CH5_INT16: return H5T_STD_I16BE;
    case CH5_INT32: return H5T_STD_I32BE;
    case CH5_UINT16: return H5T_STD_U16BE;
    default: return -1;
    }
}

// The element type that a file's type is to the last bit, in either byte order; -1 for all others.
static int element_type(hid_t type) {
    for (int i = CH5_UINT8; i <= CH5_UINT16; i++)
        if (H5Tequal(type, file_type(i)) > 0 || H5Tequal(type, big_endian_type(i)) > 0) return i;
    return -1;
}

// A file's type in the words of NumPy, as far as it has any.
static void name_type(hid_t type, char *name, size_t capacity) {
    unsigned bits = 8 * (unsigned)H5Tget_size(type);
    switch (H5Tget_class(type)) {
    case H5T_INTEGER:
        snprintf(name, capacity, "%s%u%s", H5Tget_sign(type) == H5T_SGN_2 ? "int" : "uint", bits,
                 H5Tget_precision(type) == bits ? "" : " in part");
        return;
    case H5T_FLOAT: {
        int is_usual = H5Tequal(type, H5T_IEEE_F32LE) > 0 || H5Tequal(type, H5T_IEEE_F32BE) > 0 ||
            H5Tequal(type, H5T_IEEE_F64LE) > 0 || H5Tequal(type, H5T_IEEE_F64BE) > 0 || bits == 16;
        snprintf(name, capacity, is_usual ? "float%u" : "%u-bit floating point of its own kind", bits);
        return;
    }
    case H5T_ENUM: {
        char *first = H5Tget_nmembers(type) == 2 ? H5Tget_member_name(type, 0) : NULL;
        snprintf(name, capacity, "%s", first && strcmp(first, "FALSE") == 0 ? "bool" : "an enumeration");
        if (first) H5free_memory(first);
        return;
    }
    case H5T_STRING: snprintf(name, capacity, "text"); return;
    case H5T_COMPOUND: snprintf(name, capacity, "records"); return;
    case H5T_VLEN: snprintf(name, capacity, "lists"); return;
    case H5T_ARRAY: snprintf(name, capacity, "arrays"); return;
    case H5T_REFERENCE: snprintf(name, capacity, "references"); return;
    default: snprintf(name, capacity, "bytes without a meaning");
    }
}

// Hands a file over, or closes what is not one.
static int give(hid_t id, ch5_file **file) {
    *file = malloc(sizeof **file);
    if (!*file) {
        H5Fclose(id);
        return fail(CH5_FAILED, "there is not enough memory");
    }
    **file = (ch5_file){.id = id, .socket = -1};
    return CH5_OK;
}

int ch5_create(ch5_file **file) {
    enter();
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    int code = CH5_OK;
    if (H5Pset_fapl_core(access, 1 << 20, 0) < 0) {
        code = failed("no file in memory");
    } else {
        // The name is only a label, though no two open files may share one: the core driver without a backing store
        // touches no disk.
        static unsigned long long number;
        char label[40];
        snprintf(label, sizeof label, "memory %llu", number++);
        hid_t id = H5Fcreate(label, H5F_ACC_TRUNC, H5P_DEFAULT, access);
        code = id < 0 ? failed("no file in memory") : give(id, file);
    }
    H5Pclose(access);
    return leave(code);
}

static int open_file(const char *path, hid_t *id) {
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
#if H5_VERSION_GE(1, 10, 7)
    H5Pset_file_locking(access, 0, 1);  // a reader of finished files needs no lock, and some file systems offer none
#endif
    int code = CH5_OK;
    htri_t is_hdf5 = H5Fis_hdf5(path);
    if (is_hdf5 == 0) {
        code = fail(CH5_NOT_HDF5, "not an HDF5 file");
    } else {
        *id = is_hdf5 < 0 ? -1 : H5Fopen(path, H5F_ACC_RDONLY, access);
        if (*id < 0) code = failed("cannot be opened");
    }
    H5Pclose(access);
    return code;
}

int ch5_image(const ch5_file *file, void *buffer, uint64_t capacity, uint64_t *size) {
    enter();
    if (H5Fflush(file->id, H5F_SCOPE_GLOBAL) < 0) return leave(failed("cannot be flushed"));
    ssize_t length = H5Fget_file_image(file->id, NULL, 0);
    if (length < 0) return leave(failed("has no image"));
    *size = (uint64_t)length;
    if (buffer && capacity >= *size && H5Fget_file_image(file->id, buffer, capacity) < 0)
        return leave(failed("has no image"));
    return leave(CH5_OK);
}

int ch5_write(const ch5_file *file, const char *name, int type, int rank, const uint64_t *shape, const void *elements) {
    enter();
    hsize_t dimensions[CH5_MAX_RANK];
    if (rank < 0 || rank > CH5_MAX_RANK) return leave(fail(CH5_UNSUPPORTED, "more than 32 dimensions"));
    for (int i = 0; i < rank; i++) dimensions[i] = shape[i];
    hid_t space = rank == 0 ? H5Screate(H5S_SCALAR) : H5Screate_simple(rank, dimensions, NULL);
    hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_obj_track_times(creation, 0);
    hid_t set = H5Dcreate2(file->id, name, file_type(type), space, H5P_DEFAULT, creation, H5P_DEFAULT);
    int code = CH5_OK;
    if (set < 0 || H5Dwrite(set, memory_type(type), H5S_ALL, H5S_ALL, H5P_DEFAULT, elements) < 0)
        code = failed("cannot be written");
    if (set >= 0 && H5Dclose(set) < 0 && code == CH5_OK) code = failed("cannot be closed");
    H5Pclose(creation);
    H5Sclose(space);
    return leave(code);
}

// Adds a fault to those of a data set, each of them the end of a sentence.
__attribute__((format(printf, 2, 3))) static void note(ch5_description *set, const char *format, ...) {
    char fault[192];
    va_list values;
    va_start(values, format);
    vsnprintf(fault, sizeof fault, format, values);
    va_end(values);
    size_t length = strlen(set->faults);
    snprintf(set->faults + length, sizeof set->faults - length, "%s%s", length > 0 ? "; " : "", fault);
}

// Whether every filter of a data set is one of HDF5's own that is read here.
static void describe_filters(hid_t creation, ch5_description *set) {
    int filters = H5Pget_nfilters(creation);
    for (int i = 0; i < filters; i++) {
        unsigned flags, config;
        size_t values = 0;
        char name[64] = "";
        H5Z_filter_t filter = H5Pget_filter2(creation, (unsigned)i, &flags, &values, NULL, sizeof name, name, &config);
        if (filter == H5Z_FILTER_DEFLATE || filter == H5Z_FILTER_SHUFFLE || filter == H5Z_FILTER_FLETCHER32) continue;
        name[sizeof name - 1] = 0;
        for (char *c = name; *c; c++)
            if ((unsigned char)*c < 0x20 || (unsigned char)*c > 0x7e) *c = '?';
        note(set, "is stored through filter %d%s%s: only deflate, shuffle and fletcher32 are read here", (int)filter,
             *name ? ", " : "", name);
    }
}

// Whether the chunks of a data set are small enough to unpack, and all there.
static void describe_chunks(hid_t id, hid_t creation, ch5_description *set, uint64_t element) {
    hsize_t chunk[CH5_MAX_RANK], there = 0;
    if (H5Pget_chunk(creation, set->rank, chunk) != set->rank) return note(set, "has no chunks that can be read");
    uint64_t bytes = element, chunks = 1;
    for (int i = 0; i < set->rank; i++) {
        if (chunk[i] == 0 || __builtin_mul_overflow(bytes, chunk[i], &bytes) || bytes > CH5_MAX_CHUNK_BYTES)
            return note(set, "is stored in chunks above 64 MiB, which is not read here");
        uint64_t along = set->shape[i] / chunk[i] + (set->shape[i] % chunk[i] != 0);
        if (__builtin_mul_overflow(chunks, along, &chunks)) return note(set, "declares more chunks than can be counted");
    }
    hid_t space = H5Dget_space(id);
    herr_t counted = H5Dget_num_chunks(id, space, &there);
    H5Sclose(space);
    if (counted < 0) return note(set, "has no chunks that can be counted");
    if (there != chunks)
        return note(set, "declares %llu chunks but stores %llu", (unsigned long long)chunks, (unsigned long long)there);
    // HDF5 tells the stored size of a single plain chunk only by a search from the first one on, but the sum of all at
    // once.
    uint64_t sum = H5Pget_nfilters(creation) > 0 ? 0 : H5Dget_storage_size(id);
    if (H5Pget_nfilters(creation) == 0 && (__builtin_mul_overflow(bytes, chunks, &bytes) || sum != bytes))
        note(set, "declares %llu bytes in chunks but stores %llu", (unsigned long long)bytes, (unsigned long long)sum);
}

static void describe_shape(hid_t id, ch5_description *set, uint64_t element) {
    hid_t space = H5Dget_space(id);
    set->rank = H5Sget_simple_extent_type(space) == H5S_NULL ? -1 : H5Sget_simple_extent_ndims(space);
    hsize_t extent[CH5_MAX_RANK];
    if (set->rank > CH5_MAX_RANK || (set->rank > 0 && H5Sget_simple_extent_dims(space, extent, NULL) < 0)) set->rank = -1;
    H5Sclose(space);
    if (set->rank < 0) return note(set, "has no shape");
    // Countable without its dimensions of length 0, too: some of them are multiplied alone.
    uint64_t most = element;
    set->bytes = element;
    for (int i = 0; i < set->rank; i++) {
        set->shape[i] = extent[i];
        set->bytes *= extent[i];
        if (!__builtin_mul_overflow(most, extent[i] > 0 ? extent[i] : 1, &most) && most <= INT64_MAX) continue;
        set->rank = -1;
        return note(set, "declares more elements than can be counted");
    }
}

// All of a data set that opens no other file, in this order: what lies elsewhere is not asked for its shape.
static void describe(hid_t id, ch5_description *set) {
    hid_t creation = H5Dget_create_plist(id), stored = H5Dget_type(id);
    uint64_t element = H5Tget_size(stored);
    set->type = element_type(stored);
    name_type(stored, set->type_name, sizeof set->type_name);
    H5Tclose(stored);
    H5D_layout_t layout = H5Pget_layout(creation);
    set->is_chunked = layout == H5D_CHUNKED;
    if (layout != H5D_CHUNKED && layout != H5D_CONTIGUOUS && layout != H5D_COMPACT) {
        note(set, "is made of parts of other files, which is not read here");
    } else if (H5Pget_external_count(creation) != 0) {
        note(set, "lies in another file, which is not read here");
    } else {
        describe_shape(id, set, element);
        if (set->is_chunked) describe_filters(creation, set);
        if (set->rank >= 0 && set->is_chunked) {
            describe_chunks(id, creation, set, element);
        } else if (set->rank >= 0) {
            uint64_t bytes = H5Dget_storage_size(id);
            if (bytes != set->bytes)
                note(set, "declares %llu bytes but stores %llu", (unsigned long long)set->bytes, (unsigned long long)bytes);
        }
    }
    H5Pclose(creation);
}

// How a name leads to an object: by a hard link, which does not leave the file, or not at all.
static int find(hid_t file, const char *name) {
    H5L_info_t link;
    if (!*name || strchr(name, '/') || H5Lexists(file, name, H5P_DEFAULT) <= 0) return fail(CH5_ABSENT, "no such data set");
    if (H5Lget_info(file, name, &link, H5P_DEFAULT) < 0) return failed("has a link that cannot be read");
    if (link.type == H5L_TYPE_HARD) return CH5_OK;
    return fail(CH5_UNSUPPORTED, link.type == H5L_TYPE_EXTERNAL ? "lies in another file, which is not read here"
                                                                : "is a link to another name, which is not followed here");
}

// Opens a data set; an absent one is told from a damaged one.
static int open_set(hid_t file, const char *name, hid_t access, hid_t *id) {
    int code = find(file, name);
    if (code != CH5_OK) return code;
    *id = H5Dopen2(file, name, access);
    return *id < 0 ? failed("cannot be opened") : CH5_OK;
}

static int describe_named(hid_t file, const char *name, ch5_description *set) {
    memset(set, 0, sizeof *set);
    set->type = set->rank = -1;
    hid_t id;
    int code = open_set(file, name, H5P_DEFAULT, &id);
    if (code != CH5_OK) return code;
    describe(id, set);
    H5Dclose(id);
    return CH5_OK;
}

static int read_whole(hid_t file, const char *name, int type, void *elements) {
    hid_t id;
    int code = open_set(file, name, H5P_DEFAULT, &id);
    if (code != CH5_OK) return code;
    if (H5Dread(id, memory_type(type), H5S_ALL, H5S_ALL, H5P_DEFAULT, elements) < 0) code = failed("cannot be read");
    H5Dclose(id);
    return code;
}

// How many bytes a deflated stream unpacks to, of which none is kept: at most a little above the limit; -1 where it is damaged.
static int64_t inflated_size(const uint8_t *bytes, uint64_t count, uint64_t limit) {
    uint8_t window[1 << 15];
    z_stream stream = {.next_in = (Bytef *)bytes, .avail_in = (uInt)count};
    if (inflateInit(&stream) != Z_OK) return -1;
    int status;
    do {
        stream.next_out = window;
        stream.avail_out = sizeof window;
        status = inflate(&stream, Z_NO_FLUSH);
    } while (status == Z_OK && stream.total_out <= limit);
    int64_t size = (int64_t)stream.total_out;
    inflateEnd(&stream);
    return status == Z_STREAM_END || (uint64_t)size > limit ? size : -1;
}

static int wrong_size(const char *format, uint64_t found, uint64_t expected) {
    char message[128];
    snprintf(message, sizeof message, format, (unsigned long long)found, (unsigned long long)expected);
    return fail(CH5_UNSUPPORTED, message);
}

// Whether a chunk, as stored, unpacks to the bytes that it should: HDF5's inflation takes memory until a stream ends, and what it
// leaves is taken for a whole chunk. The filters are undone from the last to the first, but for those that the mask skips.
static int check_chunk(hid_t creation, const uint8_t *stored, uint64_t size, uint32_t skipped, uint64_t bytes) {
    int is_packed = 1;
    for (int i = H5Pget_nfilters(creation) - 1; i >= 0; i--) {
        unsigned flags;
        size_t values = 0;
        H5Z_filter_t filter = H5Pget_filter2(creation, (unsigned)i, &flags, &values, NULL, 0, NULL, NULL);
        if (skipped >> i & 1 || filter == H5Z_FILTER_SHUFFLE) continue;
        if (filter == H5Z_FILTER_FLETCHER32) {
            size -= size < 4 ? size : 4;
        } else if (!is_packed) {
            return fail(CH5_UNSUPPORTED, "is deflated twice, which is not read here");
        } else {
            int64_t unpacked = inflated_size(stored, size, bytes + 4 * (uint64_t)i);
            if (unpacked < 0) return fail(CH5_UNSUPPORTED, "has a chunk that cannot be unpacked");
            size = (uint64_t)unpacked;
            is_packed = 0;
        }
    }
    return size == bytes ? CH5_OK : wrong_size("has a chunk that unpacks to %llu bytes, not to the %llu of one", size, bytes);
}

// The shape of a data set and of its chunks, as far as they concern a reader of parts.
struct grid {
    int rank;
    hsize_t extent[CH5_MAX_RANK], chunk[CH5_MAX_RANK];
    uint64_t chunk_bytes;
};

static struct grid grid_of(hid_t set, hid_t creation) {
    struct grid grid = {0};
    hid_t space = H5Dget_space(set), stored = H5Dget_type(set);
    grid.rank = H5Sget_simple_extent_dims(space, grid.extent, NULL);
    grid.chunk_bytes = H5Tget_size(stored);
    H5Tclose(stored);
    H5Sclose(space);
    H5Pget_chunk(creation, grid.rank, grid.chunk);
    for (int i = 0; i < grid.rank; i++) grid.chunk_bytes *= grid.chunk[i];
    return grid;
}

// The next chunk, the last dimension varying fastest; whether it begins at another place of the first.
static int advance(const struct grid *grid, hsize_t *offset) {
    for (int i = grid->rank - 1; i > 0; i--) {
        offset[i] += grid->chunk[i];
        if (offset[i] < grid->extent[i]) return 0;
        offset[i] = 0;
    }
    offset[0] += grid->chunk[0];
    return 1;
}

// Whether the chunks of the entries start ..< start + count along the first dimension, where they go through filters,
// unpack to the bytes of one. Plain ones are not unpacked: `describe` has seen that they store as many.
static int check_part(const struct rows *set, uint64_t start, uint64_t count) {
    if (count == 0 || !set->checked) return CH5_OK;
    hid_t creation = H5Dget_create_plist(set->id);
    struct grid grid = grid_of(set->id, creation);
    // Deflated noise is a little longer than the noise.
    const uint64_t most = 2 * grid.chunk_bytes + 1024;
    uint8_t *stored = NULL;
    int code = CH5_OK;
    hsize_t offset[CH5_MAX_RANK] = {start / grid.chunk[0] * grid.chunk[0]};
    while (code == CH5_OK && offset[0] < start + count) {
        const uint64_t row = offset[0] / grid.chunk[0];
        if (set->checked[row / 8] >> row % 8 & 1) {
            offset[0] += grid.chunk[0];
            continue;
        }
        hsize_t size = 0;
        uint32_t skipped = 0;
        if (!stored && !(stored = malloc(most))) code = fail(CH5_FAILED, "has a chunk that there is not enough memory for");
        else if (H5Dget_chunk_storage_size(set->id, offset, &size) < 0) code = failed("has a chunk that cannot be found");
        else if (size > most) code = fail(CH5_UNSUPPORTED, "stores a chunk in more bytes than it can need");
        else if (H5Dread_chunk(set->id, H5P_DEFAULT, offset, &skipped, stored) < 0) code = failed("has a chunk that cannot be read");
        else code = check_chunk(creation, stored, size, skipped, grid.chunk_bytes);
        if (advance(&grid, offset) && code == CH5_OK) set->checked[row / 8] |= (uint8_t)(1 << row % 8);
    }
    free(stored);
    H5Pclose(creation);
    return code;
}

// Selects the entries start ..< start + count along the first dimension: the part of the file, and a block as large in memory.
static int select_part(hid_t set, uint64_t start, uint64_t count, hid_t *part, hid_t *block) {
    hsize_t first[CH5_MAX_RANK] = {0}, extent[CH5_MAX_RANK];
    *part = H5Dget_space(set);
    int rank = H5Sget_simple_extent_ndims(*part);
    if (rank < 1 || rank > CH5_MAX_RANK) {
        H5Sclose(*part);
        return fail(CH5_UNSUPPORTED, "has no first dimension");
    }
    H5Sget_simple_extent_dims(*part, extent, NULL);
    if (start > extent[0] || count > extent[0] - start) {
        H5Sclose(*part);
        return fail(CH5_UNSUPPORTED, "has fewer entries than are asked for");
    }
    first[0] = start;
    extent[0] = count;
    if (H5Sselect_hyperslab(*part, H5S_SELECT_SET, first, NULL, extent, NULL) < 0) {
        H5Sclose(*part);
        return failed("a part cannot be selected");
    }
    *block = H5Screate_simple(rank, extent, NULL);
    return CH5_OK;
}

static int read_part(const struct rows *set, uint64_t start, uint64_t count, void *elements) {
    hid_t part, block;
    int code = check_part(set, start, count);
    if (code == CH5_OK) code = select_part(set->id, start, count, &part, &block);
    if (code != CH5_OK) return code;
    if (H5Dread(set->id, memory_type(set->type), block, part, H5P_DEFAULT, elements) < 0) code = failed("cannot be read");
    H5Sclose(block);
    H5Sclose(part);
    return code;
}

// A cache that holds all chunks at one place of the first dimension, so that entries read in order have each chunk
// unpacked once. None for plain chunks: those HDF5 then reads from the file as they are asked for, not into memory of
// the size that the file says they have.
static hid_t cache_for(const struct grid *grid, int is_filtered) {
    hid_t access = H5Pcreate(H5P_DATASET_ACCESS);
    if (!is_filtered) {
        H5Pset_chunk_cache(access, 0, 0, 0);
        return access;
    }
    uint64_t bytes = grid->chunk_bytes;
    for (int i = 1; i < grid->rank; i++) {
        uint64_t along = grid->extent[i] / grid->chunk[i] + (grid->extent[i] % grid->chunk[i] != 0);
        if (__builtin_mul_overflow(bytes, along, &bytes) || bytes > CH5_MAX_CACHE_BYTES) bytes = CH5_MAX_CACHE_BYTES;
    }
    // Slots: a prime number, many times that of the chunks.
    H5Pset_chunk_cache(access, 12421, bytes > 1 << 20 ? bytes : 1 << 20, H5D_CHUNK_CACHE_W0_DEFAULT);
    return access;
}

static int open_rows(hid_t file, const char *name, struct rows **rows, uint64_t *entry_bytes) {
    hid_t id;
    int code = open_set(file, name, H5P_DEFAULT, &id);
    if (code != CH5_OK) return code;
    ch5_description description = {.type = -1, .rank = -1};
    describe(id, &description);
    struct rows *made = calloc(1, sizeof *made);
    if (description.type < 0 || description.rank < 1 || *description.faults) {
        code = fail(CH5_UNSUPPORTED, *description.faults ? description.faults : "is of no type or shape that is read here");
    } else if (!made) {
        code = fail(CH5_FAILED, "there is not enough memory");
    } else if (description.is_chunked) {
        hid_t creation = H5Dget_create_plist(id);
        struct grid grid = grid_of(id, creation);
        const int is_filtered = H5Pget_nfilters(creation) > 0;
        H5Pclose(creation);
        H5Dclose(id);
        id = -1;
        hid_t access = cache_for(&grid, is_filtered);
        code = open_set(file, name, access, &id);
        H5Pclose(access);
        made->checked = is_filtered ? calloc(grid.extent[0] / grid.chunk[0] / 8 + 1, 1) : NULL;
        if (code == CH5_OK && is_filtered && !made->checked) code = fail(CH5_FAILED, "there is not enough memory");
    }
    if (code != CH5_OK) {
        if (made) free(made->checked);
        free(made);
        if (id >= 0) H5Dclose(id);
        return code;
    }
    made->id = id;
    made->type = description.type;
    *rows = made;
    *entry_bytes = description.shape[0] > 0 ? description.bytes / description.shape[0] : 0;
    return CH5_OK;
}

static int close_rows(struct rows *rows) {
    int code = H5Dclose(rows->id) < 0 ? failed("cannot be closed") : CH5_OK;
    free(rows->checked);
    free(rows);
    return code;
}

int ch5_create_parts(const ch5_file *file, const char *name, int type, int rank, const uint64_t *shape, uint64_t entries, int level) {
    enter();
    hsize_t dimensions[CH5_MAX_RANK], chunk[CH5_MAX_RANK];
    if (rank < 1 || rank > CH5_MAX_RANK) return leave(fail(CH5_UNSUPPORTED, "must have 1 to 32 dimensions"));
    for (int i = 0; i < rank; i++) dimensions[i] = chunk[i] = shape[i];
    chunk[0] = entries;
    hid_t space = H5Screate_simple(rank, dimensions, NULL);
    hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_obj_track_times(creation, 0);
    int code = H5Pset_chunk(creation, rank, chunk) < 0 ? failed("has no such chunks") : CH5_OK;
    if (code == CH5_OK && level > 0 && H5Pset_deflate(creation, (unsigned)level) < 0) code = failed("cannot be deflated");
    if (code == CH5_OK) {
        hid_t set = H5Dcreate2(file->id, name, file_type(type), space, H5P_DEFAULT, creation, H5P_DEFAULT);
        if (set < 0 || H5Dclose(set) < 0) code = failed("cannot be made");
    }
    H5Pclose(creation);
    H5Sclose(space);
    return leave(code);
}

int ch5_write_part(const ch5_file *file, const char *name, int type, uint64_t start, uint64_t count, const void *elements) {
    enter();
    hid_t set, part, block;
    int code = open_set(file->id, name, H5P_DEFAULT, &set);
    if (code != CH5_OK) return leave(code);
    code = select_part(set, start, count, &part, &block);
    if (code == CH5_OK) {
        if (H5Dwrite(set, memory_type(type), block, part, H5P_DEFAULT, elements) < 0) code = failed("cannot be written");
        H5Sclose(block);
        H5Sclose(part);
    }
    H5Dclose(set);
    return leave(code);
}

int ch5_set_attribute(const ch5_file *file, const char *name, const char *value) {
    enter();
    hid_t type = H5Tcopy(H5T_C_S1), space = H5Screate(H5S_SCALAR);
    H5Tset_size(type, strlen(value) + 1);
    H5Tset_cset(type, H5T_CSET_UTF8);
    hid_t attribute = H5Acreate2(file->id, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    int code = CH5_OK;
    if (attribute < 0 || H5Awrite(attribute, type, value) < 0) code = failed("cannot be written");
    if (attribute >= 0 && H5Aclose(attribute) < 0 && code == CH5_OK) code = failed("cannot be closed");
    H5Sclose(space);
    H5Tclose(type);
    return leave(code);
}

// One string of fixed length, with a NUL behind it.
static int fixed_text(hid_t attribute, hid_t stored, char **text) {
    size_t length = H5Tget_size(stored);
    if (H5Aget_storage_size(attribute) != length || length > CH5_MAX_TEXT_BYTES)
        return fail(CH5_UNSUPPORTED, "declares a length that it does not have");
    *text = calloc(length + 1, 1);
    if (!*text) return fail(CH5_FAILED, "there is not enough memory");
    return H5Aread(attribute, stored, *text) < 0 ? failed("cannot be read") : CH5_OK;
}

// One string of any length: HDF5 keeps those apart, and takes the memory for one itself.
static int variable_text(hid_t attribute, hid_t stored, hid_t space, char **text) {
    hid_t memory = H5Tcopy(H5T_C_S1);
    H5Tset_size(memory, H5T_VARIABLE);
    H5Tset_cset(memory, H5Tget_cset(stored));
    char *read = NULL;
    int code = H5Aread(attribute, memory, &read) < 0 ? failed("cannot be read") : CH5_OK;
    if (code == CH5_OK) {
        *text = strdup(read ? read : "");
        if (!*text) code = fail(CH5_FAILED, "there is not enough memory");
        if (read) H5Dvlen_reclaim(memory, space, H5P_DEFAULT, &read);
    }
    H5Tclose(memory);
    return code;
}

static int attribute_text(hid_t file, const char *name, char **text) {
    *text = NULL;
    if (H5Aexists(file, name) <= 0) return fail(CH5_ABSENT, "no such attribute");
    hid_t attribute = H5Aopen(file, name, H5P_DEFAULT);
    if (attribute < 0) return failed("cannot be opened");
    hid_t stored = H5Aget_type(attribute), space = H5Aget_space(attribute);
    int code;
    if (H5Tget_class(stored) != H5T_STRING || H5Sget_simple_extent_npoints(space) != 1) {
        code = fail(CH5_NO_TEXT, "is not one string");
    } else {
        code = H5Tis_variable_str(stored) ? variable_text(attribute, stored, space, text) : fixed_text(attribute, stored, text);
    }
    if (code != CH5_OK) {
        free(*text);
        *text = NULL;
    }
    H5Sclose(space);
    H5Tclose(stored);
    H5Aclose(attribute);
    return code;
}

// Names, each with its NUL, in memory that grows with them.
struct names {
    char *bytes;
    size_t size, capacity;
};

static int add(struct names *names, const char *name) {
    size_t length = strlen(name) + 1;
    if (names->size + length > names->capacity) {
        size_t capacity = 2 * (names->size + length);
        char *bytes = realloc(names->bytes, capacity);
        if (!bytes) return fail(CH5_FAILED, "there is not enough memory");
        names->bytes = bytes;
        names->capacity = capacity;
    }
    memcpy(names->bytes + names->size, name, length);
    names->size += length;
    return CH5_OK;
}

// The name of the index-th data set among the links of the root group; empty for what is none or lies elsewhere.
static int set_name(hid_t file, hsize_t index, char *name, size_t capacity) {
    H5L_info_t link;
    ssize_t length = H5Lget_name_by_idx(file, ".", H5_INDEX_NAME, H5_ITER_INC, index, name, capacity, H5P_DEFAULT);
    if (length < 0 || H5Lget_info(file, name, &link, H5P_DEFAULT) < 0) return failed("cannot be listed");
    if ((size_t)length >= capacity) return fail(CH5_UNSUPPORTED, "has an overlong name");
    hid_t object = link.type == H5L_TYPE_HARD ? H5Oopen(file, name, H5P_DEFAULT) : -1;
    if (link.type == H5L_TYPE_HARD && object < 0) return failed("has an object that cannot be opened");
    if (object < 0 || H5Iget_type(object) != H5I_DATASET) *name = 0;
    if (object >= 0) H5Oclose(object);
    return CH5_OK;
}

static int attribute_name(hid_t file, hsize_t index, char *name, size_t capacity) {
    ssize_t length = H5Aget_name_by_idx(file, ".", H5_INDEX_NAME, H5_ITER_INC, index, name, capacity, H5P_DEFAULT);
    if (length < 0) return failed("cannot be listed");
    return (size_t)length >= capacity ? fail(CH5_UNSUPPORTED, "has an overlong name") : CH5_OK;
}

static int list_names(hid_t file, int of_attributes, char **all, uint64_t *size) {
    H5G_info_t group;
    hid_t root = H5Gopen2(file, "/", H5P_DEFAULT);
    int attributes = root < 0 ? -1 : H5Aget_num_attrs(root);
    if (root >= 0) H5Gclose(root);
    if (attributes < 0 || H5Gget_info(file, &group) < 0) return failed("cannot be listed");
    struct names names = {0};
    const hsize_t count = of_attributes ? (hsize_t)attributes : group.nlinks;
    char name[1024];
    int code = CH5_OK;
    for (hsize_t i = 0; i < count && code == CH5_OK; i++) {
        code = (of_attributes ? attribute_name : set_name)(file, i, name, sizeof name);
        if (code == CH5_OK && *name) code = add(&names, name);
    }
    if (code != CH5_OK) {
        free(names.bytes);
        return code;
    }
    *all = names.bytes;
    *size = names.size;
    return CH5_OK;
}

// MARK: - Foreign files: what the child process does

enum { ATTRIBUTE, NAMES, DESCRIBE, READ, OPEN_SET, READ_PART, CLOSE_SET };

struct request {
    int what;
    // An element type, or whether names are of attributes.
    int detail;
    char name[1024];
    struct rows *rows;
    uint64_t start, count, bytes;
};

// Before `bytes` bytes of what was asked for.
struct reply {
    int code;
    char message[sizeof last_error];
    uint64_t bytes;
};

static int send_all(int socket, const void *bytes, uint64_t count) {
    for (uint64_t sent = 0; sent < count;) {
        ssize_t step = send(socket, (const char *)bytes + sent, count - sent, MSG_NOSIGNAL);
        if (step < 0 && errno == EINTR) continue;
        if (step <= 0) return 0;
        sent += (uint64_t)step;
    }
    return 1;
}

static int receive_all(int socket, void *bytes, uint64_t count) {
    for (uint64_t received = 0; received < count;) {
        ssize_t step = recv(socket, (char *)bytes + received, count - received, 0);
        if (step < 0 && errno == EINTR) continue;
        if (step <= 0) return 0;
        received += (uint64_t)step;
    }
    return 1;
}

// Makes this process one that dies at once of what goes wrong, prints nothing and takes no more memory than it should.
static void confine(void) {
    const int faults[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGALRM, SIGPROF};
    sigset_t mask;
    sigfillset(&mask);
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        signal(faults[i], SIG_DFL);
        sigdelset(&mask, faults[i]);
    }
    // The others are the parent's to answer.
    sigprocmask(SIG_SETMASK, &mask, NULL);
    int nowhere = open("/dev/null", O_RDWR);
    for (int i = 0; i <= 2; i++) dup2(nowhere, i);

    // Beside what the parent holds already, which is counted in pages at the beginning of this file.
    char text[32] = "";
    int sizes = open("/proc/self/statm", O_RDONLY);
    ssize_t length = sizes < 0 ? -1 : read(sizes, text, sizeof text - 1);
    if (length <= 0) _exit(1);
    close(sizes);
    struct rlimit limit;
    getrlimit(RLIMIT_AS, &limit);
    rlim_t most = strtoull(text, NULL, 10) * (rlim_t)sysconf(_SC_PAGESIZE) + ((rlim_t)CH5_CHILD_MEMORY << 20);
    if (limit.rlim_cur > most) limit.rlim_cur = most;
    setrlimit(RLIMIT_AS, &limit);
    limit.rlim_cur = limit.rlim_max = 0;
    setrlimit(RLIMIT_CORE, &limit);
}

// Closes what the child has of the parent's beside its socket and the file: locks and pipes, which would be held for as
// long as it lives.
static void keep_only(int socket, hid_t file) {
    int *own;
    if (H5Fget_vfd_handle(file, H5P_DEFAULT, (void **)&own) < 0) _exit(1);
    const unsigned low = (unsigned)(socket < *own ? socket : *own), high = (unsigned)(socket < *own ? *own : socket);
    if (low > 3) close_range(3, low - 1, 0);
    if (high > low + 1) close_range(low + 1, high - 1, 0);
    close_range(high + 1, ~0u, 0);
}

// The time that a request may take from here on; 0 for none.
static void limit_time(int seconds) {
    struct itimerval timer = {.it_value.tv_sec = seconds};
    setitimer(ITIMER_PROF, &timer, NULL);
    alarm(6 * (unsigned)seconds);
}

// Whether a text stands in the file. HDF5 believes what a damaged file says of its lengths, and reads beyond.
static int stands_in(hid_t file, const char *text) {
    const size_t length = strlen(text), step = 1 << 20;
    int *descriptor;
    char *window = malloc(step + length);
    if (!window || H5Fget_vfd_handle(file, H5P_DEFAULT, (void **)&descriptor) < 0) return 0;
    int is_found = length == 0;
    for (off_t start = 0; !is_found; start += (off_t)step) {
        size_t there = 0;
        ssize_t got;
        while (there < step + length && (got = pread(*descriptor, window + there, step + length - there, start + (off_t)there)) > 0)
            there += (size_t)got;
        is_found = memmem(window, there, text, length) != NULL;
        if (there < step + length) break;
    }
    free(window);
    return is_found;
}

// Does what is asked; *payload is to be freed.
static int answer(hid_t file, const struct request *request, void **payload, uint64_t *bytes) {
    char *text = NULL;
    int code = CH5_OK;
    switch (request->what) {
    case ATTRIBUTE:
        code = attribute_text(file, request->name, &text);
        if (code == CH5_OK && !stands_in(file, text)) code = fail(CH5_FAILED, "is damaged: it is not in the file");
        *payload = text;
        *bytes = text ? strlen(text) + 1 : 0;
        return code;
    case NAMES: return list_names(file, request->detail, (char **)payload, bytes);
    case DESCRIBE: *bytes = sizeof(ch5_description); break;
    case READ: *bytes = request->bytes; break;
    case OPEN_SET: *bytes = sizeof(struct ch5_set); break;
    case READ_PART: *bytes = request->bytes; break;
    case CLOSE_SET: return close_rows(request->rows);
    default: return fail(CH5_FAILED, "is not known");
    }
    if (!(*payload = calloc(*bytes + 1, 1))) return fail(CH5_FAILED, "needs more memory than a damaged file is given");
    struct ch5_set *set = *payload;
    switch (request->what) {
    case DESCRIBE: return describe_named(file, request->name, *payload);
    case READ: return read_whole(file, request->name, request->detail, *payload);
    case OPEN_SET: return open_rows(file, request->name, &set->rows, &set->entry_bytes);
    default: return read_part(request->rows, request->start, request->count, *payload);
    }
}

// Opens the file and does what the parent asks, until it hangs up.
static void serve(int socket, const char *path) {
    confine();
    limit_time(CH5_CHILD_SECONDS);
    static struct reply reply;
    static struct request request;
    hid_t file = -1;
    reply.code = open_file(path, &file);
    if (reply.code == CH5_OK) keep_only(socket, file);
    memcpy(reply.message, last_error, sizeof last_error);
    int is_there = send_all(socket, &reply, sizeof reply) && reply.code == CH5_OK;
    limit_time(0);
    while (is_there && receive_all(socket, &request, sizeof request)) {
        limit_time(CH5_CHILD_SECONDS);
        void *payload = NULL;
        reply.bytes = 0;
        H5Eclear2(H5E_DEFAULT);
        reply.code = answer(file, &request, &payload, &reply.bytes);
        if (reply.code != CH5_OK) reply.bytes = 0;
        memcpy(reply.message, last_error, sizeof last_error);
        // HDF5 is done; the parent takes the time that it takes.
        limit_time(0);
        is_there = send_all(socket, &reply, sizeof reply) && send_all(socket, payload, reply.bytes);
        free(payload);
    }
    _exit(0);
}

// MARK: - Foreign files: what this process asks

// Ends the child, and says why where it was not asked to.
static int end_child(ch5_file *file) {
    int status = 0;
    kill(file->child, SIGKILL);
    while (waitpid(file->child, &status, 0) < 0 && errno == EINTR) {}
    close(file->socket);
    const int number = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    if (number == SIGPROF || number == SIGALRM) {
        snprintf(file->end, sizeof file->end, "is damaged: HDF5's library comes to no end with it (stopped after %d s)", CH5_CHILD_SECONDS);
    } else {
        snprintf(file->end, sizeof file->end, "is damaged: HDF5's library crashes on it (%s, in a child process)",
                 number ? strsignal(number) : "it ended");
    }
    return fail(CH5_CRASHED, file->end);
}

static int receive_reply(ch5_file *file, struct reply *reply) {
    if (!receive_all(file->socket, reply, sizeof *reply)) return end_child(file);
    reply->message[sizeof reply->message - 1] = 0;
    return reply->code == CH5_OK ? CH5_OK : fail(reply->code, reply->message);
}

static int open_in_child(const char *path, ch5_file **file) {
    ch5_file *made = calloc(1, sizeof *made);
    int ends[2];
    if (!made || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) {
        free(made);
        return fail(CH5_FAILED, "there is no memory or descriptor for a child process");
    }
    pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        serve(ends[1], path);
    }
    close(ends[1]);
    if (child < 0) {
        char message[128];
        snprintf(message, sizeof message, "no child process can be started: %s", strerror(errno));
        close(ends[0]);
        free(made);
        return fail(CH5_FAILED, message);
    }
    *made = (ch5_file){.id = -1, .child = child, .socket = ends[0]};
    struct reply reply;
    int code = receive_reply(made, &reply);
    if (code == CH5_OK) {
        *file = made;
    } else {
        if (!*made->end) {
            end_child(made);
            fail(code, reply.message);
        }
        free(made);
    }
    return code;
}

// Has the child do something, which gives exactly, or, where `exactly` is 0, at most so many bytes. They are put at
// *bytes, or in new memory where that is NULL, with their number at *count.
static int ask(ch5_file *file, const struct request *request, int exactly, uint64_t most, void **bytes, uint64_t *count) {
    if (*file->end) return fail(CH5_CRASHED, file->end);
    struct reply reply;
    if (!send_all(file->socket, request, sizeof *request)) return end_child(file);
    int code = receive_reply(file, &reply);
    if (code != CH5_OK) return code;
    if (reply.bytes > most || (exactly && reply.bytes < most)) return end_child(file);
    void *room = *bytes ? *bytes : malloc(reply.bytes + 1);
    if (!room) {
        end_child(file);
        return fail(CH5_FAILED, "there is not enough memory");
    }
    if (!receive_all(file->socket, room, reply.bytes)) {
        if (!*bytes) free(room);
        return end_child(file);
    }
    if (!*bytes) ((char *)room)[reply.bytes] = 0;
    *bytes = room;
    *count = reply.bytes;
    return CH5_OK;
}

// A request on a name. What is too long for one is the name of nothing.
static int name_request(int what, int detail, const char *name, struct request *request) {
    memset(request, 0, sizeof *request);
    request->what = what;
    request->detail = detail;
    if (strlen(name) >= sizeof request->name) return fail(CH5_ABSENT, "no such name");
    strcpy(request->name, name);
    return CH5_OK;
}

// MARK: - Reading

int ch5_open(const char *path, int is_foreign, ch5_file **file) {
    enter();
    if (is_foreign) return leave(open_in_child(path, file));
    hid_t id;
    int code = open_file(path, &id);
    return leave(code == CH5_OK ? give(id, file) : code);
}

int ch5_close(ch5_file *file) {
    enter();
    int code = CH5_OK;
    if (file->child == 0) {
        if (H5Fclose(file->id) < 0) code = failed("cannot be closed");
    } else if (!*file->end) {
        end_child(file);
    }
    free(file);
    return leave(code);
}

int ch5_attribute(ch5_file *file, const char *name, char **text) {
    enter();
    *text = NULL;
    if (file->child == 0) return leave(attribute_text(file->id, name, text));
    struct request request;
    uint64_t size;
    int code = name_request(ATTRIBUTE, 0, name, &request);
    return leave(code == CH5_OK ? ask(file, &request, 0, CH5_MAX_TEXT_BYTES + 1, (void **)text, &size) : code);
}

int ch5_names(ch5_file *file, int of_attributes, char **names, uint64_t *size) {
    enter();
    *names = NULL;
    if (file->child == 0) return leave(list_names(file->id, of_attributes, names, size));
    struct request request;
    int code = name_request(NAMES, of_attributes, "", &request);
    return leave(code == CH5_OK ? ask(file, &request, 0, CH5_MAX_TEXT_BYTES, (void **)names, size) : code);
}

int ch5_describe(ch5_file *file, const char *name, ch5_description *set) {
    enter();
    if (file->child == 0) return leave(describe_named(file->id, name, set));
    struct request request;
    uint64_t size;
    void *place = set;
    int code = name_request(DESCRIBE, 0, name, &request);
    if (code == CH5_OK) code = ask(file, &request, 1, sizeof *set, &place, &size);
    set->type_name[sizeof set->type_name - 1] = set->faults[sizeof set->faults - 1] = 0;
    if (code == CH5_OK && (set->rank < -1 || set->rank > CH5_MAX_RANK)) return leave(end_child(file));
    return leave(code);
}

int ch5_read(ch5_file *file, const char *name, int type, void *elements, uint64_t bytes) {
    enter();
    if (file->child == 0) return leave(read_whole(file->id, name, type, elements));
    struct request request;
    uint64_t size;
    int code = name_request(READ, type, name, &request);
    request.bytes = bytes;
    return leave(code == CH5_OK ? ask(file, &request, 1, bytes, &elements, &size) : code);
}

int ch5_open_set(ch5_file *file, const char *name, ch5_set **set) {
    enter();
    ch5_set *made = calloc(1, sizeof *made);
    if (!made) return leave(fail(CH5_FAILED, "there is not enough memory"));
    int code;
    if (file->child == 0) {
        code = open_rows(file->id, name, &made->rows, &made->entry_bytes);
    } else {
        struct request request;
        uint64_t size;
        void *place = made;
        code = name_request(OPEN_SET, 0, name, &request);
        if (code == CH5_OK) code = ask(file, &request, 1, sizeof *made, &place, &size);
        made->foreign = file;
    }
    if (code == CH5_OK) *set = made;
    else free(made);
    return leave(code);
}

// Of a foreign file in requests of about 64 MiB: the child has memory for little more than a chunk.
static int ask_for_part(const ch5_set *set, uint64_t start, uint64_t count, uint8_t *elements) {
    uint64_t step = set->entry_bytes > 0 ? (64u << 20) / set->entry_bytes : count, size;
    if (step == 0) step = 1;
    int code = CH5_OK;
    for (uint64_t done = 0; code == CH5_OK && done < count; done += step) {
        const uint64_t now = count - done < step ? count - done : step;
        struct request request = {
            .what = READ_PART, .rows = set->rows, .start = start + done, .count = now, .bytes = now * set->entry_bytes};
        void *place = elements + done * set->entry_bytes;
        code = ask(set->foreign, &request, 1, request.bytes, &place, &size);
    }
    return code;
}

int ch5_read_part(const ch5_set *set, uint64_t start, uint64_t count, void *elements, uint64_t bytes) {
    enter();
    uint64_t declared;
    if (__builtin_mul_overflow(count, set->entry_bytes, &declared) || declared != bytes)
        return leave(fail(CH5_UNSUPPORTED, "is not what it was described as"));
    return leave(set->foreign ? ask_for_part(set, start, count, elements) : read_part(set->rows, start, count, elements));
}

int ch5_close_set(ch5_set *set) {
    enter();
    struct request request = {.what = CLOSE_SET, .rows = set->rows};
    uint64_t size;
    void *nothing = &size;
    int code = set->foreign ? ask(set->foreign, &request, 1, 0, &nothing, &size) : close_rows(set->rows);
    free(set);
    return leave(code);
}
