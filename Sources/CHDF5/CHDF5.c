#include "CHDF5.h"

#if __has_include(<hdf5.h>)
#include <hdf5.h>
#else
#include <hdf5/serial/hdf5.h>
#endif

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static _Thread_local char last_error[512];

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

static hid_t memory_type(int type) {
    switch (type) {
    case CH5_UINT8: return H5T_NATIVE_UINT8;
    case CH5_INT64: return H5T_NATIVE_INT64;
    case CH5_UINT32: return H5T_NATIVE_UINT32;
    case CH5_UINT64: return H5T_NATIVE_UINT64;
    case CH5_FLOAT32: return H5T_NATIVE_FLOAT;
    case CH5_FLOAT64: return H5T_NATIVE_DOUBLE;
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
    default: return -1;
    }
}

// The element type that a file's type is, in either byte order; -1 for all others.
static int element_type(hid_t type) {
    H5T_class_t class = H5Tget_class(type);
    size_t size = H5Tget_size(type);
    if (class == H5T_FLOAT) return size == 4 ? CH5_FLOAT32 : size == 8 ? CH5_FLOAT64 : -1;
    if (class != H5T_INTEGER) return -1;
    if (H5Tget_sign(type) == H5T_SGN_2) return size == 8 ? CH5_INT64 : -1;
    return size == 1 ? CH5_UINT8 : size == 4 ? CH5_UINT32 : size == 8 ? CH5_UINT64 : -1;
}

int ch5_create(int64_t *file) {
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
        *file = H5Fcreate(label, H5F_ACC_TRUNC, H5P_DEFAULT, access);
        if (*file < 0) code = failed("no file in memory");
    }
    H5Pclose(access);
    return leave(code);
}

int ch5_open(const char *path, int64_t *file) {
    enter();
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
#if H5_VERSION_GE(1, 10, 7)
    H5Pset_file_locking(access, 0, 1);  // a reader of finished files needs no lock, and some file systems offer none
#endif
    int code = CH5_OK;
    htri_t is_hdf5 = H5Fis_hdf5(path);
    if (is_hdf5 == 0) {
        code = fail(CH5_NOT_HDF5, "not an HDF5 file");
    } else {
        *file = is_hdf5 < 0 ? -1 : H5Fopen(path, H5F_ACC_RDONLY, access);
        if (*file < 0) code = failed("cannot be opened");
    }
    H5Pclose(access);
    return leave(code);
}

int ch5_close(int64_t file) {
    enter();
    return leave(H5Fclose(file) < 0 ? failed("cannot be closed") : CH5_OK);
}

int ch5_image(int64_t file, void *buffer, uint64_t capacity, uint64_t *size) {
    enter();
    if (H5Fflush(file, H5F_SCOPE_GLOBAL) < 0) return leave(failed("cannot be flushed"));
    ssize_t length = H5Fget_file_image(file, NULL, 0);
    if (length < 0) return leave(failed("has no image"));
    *size = (uint64_t)length;
    if (buffer && capacity >= *size && H5Fget_file_image(file, buffer, capacity) < 0)
        return leave(failed("has no image"));
    return leave(CH5_OK);
}

int ch5_write(int64_t file, const char *name, int type, int rank, const uint64_t *shape, const void *elements) {
    enter();
    hsize_t dimensions[CH5_MAX_RANK];
    if (rank < 0 || rank > CH5_MAX_RANK) return leave(fail(CH5_UNSUPPORTED, "more than 32 dimensions"));
    for (int i = 0; i < rank; i++) dimensions[i] = shape[i];
    hid_t space = rank == 0 ? H5Screate(H5S_SCALAR) : H5Screate_simple(rank, dimensions, NULL);
    hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_obj_track_times(creation, 0);
    hid_t set = H5Dcreate2(file, name, file_type(type), space, H5P_DEFAULT, creation, H5P_DEFAULT);
    int code = CH5_OK;
    if (set < 0 || H5Dwrite(set, memory_type(type), H5S_ALL, H5S_ALL, H5P_DEFAULT, elements) < 0)
        code = failed("cannot be written");
    if (set >= 0 && H5Dclose(set) < 0 && code == CH5_OK) code = failed("cannot be closed");
    H5Pclose(creation);
    H5Sclose(space);
    return leave(code);
}

// Element type, shape and the bytes that they declare.
static int describe_shape(hid_t set, int *type, int *rank, uint64_t *shape, uint64_t *declared) {
    hid_t stored = H5Dget_type(set);
    *type = element_type(stored);
    size_t element = H5Tget_size(stored);
    H5Tclose(stored);
    if (*type < 0) return fail(CH5_UNSUPPORTED, "is of an element type that is not read here");

    hid_t space = H5Dget_space(set);
    hsize_t dimensions[CH5_MAX_RANK];
    *rank = H5Sget_simple_extent_type(space) == H5S_NULL ? -1 : H5Sget_simple_extent_ndims(space);
    if (*rank >= 0 && *rank <= CH5_MAX_RANK) H5Sget_simple_extent_dims(space, dimensions, NULL);
    H5Sclose(space);
    if (*rank < 0 || *rank > CH5_MAX_RANK) return fail(CH5_UNSUPPORTED, "has no shape that is read here");

    *declared = element;
    for (int i = 0; i < *rank; i++) {
        shape[i] = dimensions[i];
        if (__builtin_mul_overflow(*declared, dimensions[i], declared))
            return fail(CH5_UNSUPPORTED, "declares more elements than can be counted");
    }
    return CH5_OK;
}

static int not_those_bytes(uint64_t declared, uint64_t stored) {
    char message[160];
    snprintf(message, sizeof message, "declares %llu bytes but stores %llu", (unsigned long long)declared,
             (unsigned long long)stored);
    return fail(CH5_UNSUPPORTED, message);
}

static int describe(hid_t set, int *type, int *rank, uint64_t *shape, uint64_t *bytes) {
    uint64_t declared;
    int code = describe_shape(set, type, rank, shape, &declared);
    if (code != CH5_OK) return code;
    hid_t creation = H5Dget_create_plist(set);
    H5D_layout_t layout = H5Pget_layout(creation);
    int filters = layout == H5D_CHUNKED ? H5Pget_nfilters(creation) : 0;
    H5Pclose(creation);
    *bytes = H5Dget_storage_size(set);
    if (filters > 0 || (layout != H5D_CONTIGUOUS && layout != H5D_COMPACT))
        return fail(CH5_UNSUPPORTED, "is stored in chunks or compressed, which is not read here");
    return *bytes == declared ? CH5_OK : not_those_bytes(declared, *bytes);
}

// Whether every filter of a data set is one of HDF5's own that is read here.
static int check_filters(hid_t creation) {
    int filters = H5Pget_nfilters(creation);
    for (int i = 0; i < filters; i++) {
        unsigned flags, config;
        size_t values = 0;
        char name[64] = "";
        H5Z_filter_t filter = H5Pget_filter2(creation, (unsigned)i, &flags, &values, NULL, sizeof name, name, &config);
        if (filter == H5Z_FILTER_DEFLATE || filter == H5Z_FILTER_SHUFFLE || filter == H5Z_FILTER_FLETCHER32) continue;
        char message[192];
        name[sizeof name - 1] = 0;
        for (char *c = name; *c; c++)
            if ((unsigned char)*c < 0x20 || (unsigned char)*c > 0x7e) *c = '?';
        snprintf(message, sizeof message, "is stored through filter %d%s%s: only deflate, shuffle and fletcher32 are read here",
                 (int)filter, *name ? ", " : "", name);
        return fail(CH5_UNSUPPORTED, message);
    }
    return CH5_OK;
}

// Whether the chunks of a data set are small enough to unpack, and all there.
static int check_chunks(hid_t set, hid_t creation, int type, int rank, const uint64_t *shape) {
    hsize_t chunk[CH5_MAX_RANK], there = 0;
    if (H5Pget_chunk(creation, rank, chunk) != rank) return failed("has no chunks that can be read");
    uint64_t bytes = H5Tget_size(memory_type(type)), chunks = 1;
    for (int i = 0; i < rank; i++) {
        if (chunk[i] == 0 || __builtin_mul_overflow(bytes, chunk[i], &bytes) || bytes > CH5_MAX_CHUNK_BYTES)
            return fail(CH5_UNSUPPORTED, "is stored in chunks above 64 MiB, which is not read here");
        uint64_t along = shape[i] / chunk[i] + (shape[i] % chunk[i] != 0);
        if (__builtin_mul_overflow(chunks, along, &chunks)) return fail(CH5_UNSUPPORTED, "declares more chunks than can be counted");
    }
    hid_t space = H5Dget_space(set);
    herr_t counted = H5Dget_num_chunks(set, space, &there);
    H5Sclose(space);
    if (counted < 0) return failed("has no chunks that can be counted");
    if (there == chunks) return CH5_OK;
    char message[160];
    snprintf(message, sizeof message, "declares %llu chunks but stores %llu", (unsigned long long)chunks, (unsigned long long)there);
    return fail(CH5_UNSUPPORTED, message);
}

static int describe_parts(hid_t set, int *type, int *rank, uint64_t *shape, uint64_t *bytes) {
    int code = describe_shape(set, type, rank, shape, bytes);
    if (code != CH5_OK) return code;
    hid_t creation = H5Dget_create_plist(set);
    H5D_layout_t layout = H5Pget_layout(creation);
    uint64_t stored = H5Dget_storage_size(set);
    if (layout != H5D_CHUNKED && layout != H5D_CONTIGUOUS && layout != H5D_COMPACT) {
        code = fail(CH5_UNSUPPORTED, "is made of parts of other files, which is not read here");
    } else if (layout == H5D_CONTIGUOUS && H5Pget_external_count(creation) > 0) {
        code = fail(CH5_UNSUPPORTED, "lies in another file, which is not read here");
    } else if (layout != H5D_CHUNKED) {
        if (stored != *bytes) code = not_those_bytes(*bytes, stored);
    } else {
        code = check_filters(creation);
        if (code == CH5_OK) code = check_chunks(set, creation, *type, *rank, shape);
    }
    H5Pclose(creation);
    return code;
}

// Opens a data set; an absent one is told from a damaged one.
static int open_set(int64_t file, const char *name, hid_t *set) {
    if (H5Lexists(file, name, H5P_DEFAULT) <= 0) return fail(CH5_ABSENT, "no such data set");
    *set = H5Dopen2(file, name, H5P_DEFAULT);
    return *set < 0 ? failed("cannot be opened") : CH5_OK;
}

int ch5_describe(int64_t file, const char *name, int *type, int *rank, uint64_t *shape, uint64_t *bytes) {
    enter();
    hid_t set;
    int code = open_set(file, name, &set);
    if (code != CH5_OK) return leave(code);
    code = describe(set, type, rank, shape, bytes);
    H5Dclose(set);
    return leave(code);
}

int ch5_read(int64_t file, const char *name, int type, void *elements) {
    enter();
    hid_t set;
    int code = open_set(file, name, &set);
    if (code != CH5_OK) return leave(code);
    if (H5Dread(set, memory_type(type), H5S_ALL, H5S_ALL, H5P_DEFAULT, elements) < 0) code = failed("cannot be read");
    H5Dclose(set);
    return leave(code);
}

int ch5_describe_parts(int64_t file, const char *name, int *type, int *rank, uint64_t *shape, uint64_t *bytes) {
    enter();
    hid_t set;
    H5L_info_t link;
    if (H5Lexists(file, name, H5P_DEFAULT) > 0 && H5Lget_info(file, name, &link, H5P_DEFAULT) >= 0 && link.type == H5L_TYPE_EXTERNAL)
        return leave(fail(CH5_UNSUPPORTED, "lies in another file, which is not read here"));
    int code = open_set(file, name, &set);
    if (code != CH5_OK) return leave(code);
    code = describe_parts(set, type, rank, shape, bytes);
    H5Dclose(set);
    return leave(code);
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
    if (size == bytes) return CH5_OK;
    char message[96];
    snprintf(message, sizeof message, "has a chunk that does not unpack to the %llu bytes of one", (unsigned long long)bytes);
    return fail(CH5_UNSUPPORTED, message);
}

// `check_chunk` on the chunks of the entries start ..< start + count along the first dimension, where they go through filters.
static int check_part(hid_t set, uint64_t start, uint64_t count) {
    hid_t creation = H5Dget_create_plist(set), space = H5Dget_space(set), stored_type = H5Dget_type(set);
    hsize_t extent[CH5_MAX_RANK], chunk[CH5_MAX_RANK], offset[CH5_MAX_RANK] = {0};
    int rank = H5Sget_simple_extent_dims(space, extent, NULL);
    uint64_t bytes = H5Tget_size(stored_type);
    H5Tclose(stored_type);
    H5Sclose(space);
    int code = CH5_OK;
    if (count == 0 || H5Pget_layout(creation) != H5D_CHUNKED || H5Pget_nfilters(creation) == 0) {
        H5Pclose(creation);
        return code;
    }
    H5Pget_chunk(creation, rank, chunk);
    for (int i = 0; i < rank; i++) bytes *= chunk[i];
    // Deflated noise is a little longer than the noise.
    const uint64_t most = 2 * bytes + 1024;
    uint8_t *stored = malloc(most);
    if (!stored) code = fail(CH5_FAILED, "has a chunk that there is not enough memory for");
    offset[0] = start / chunk[0] * chunk[0];
    while (code == CH5_OK && offset[0] < start + count) {
        hsize_t size = 0;
        uint32_t skipped = 0;
        if (H5Dget_chunk_storage_size(set, offset, &size) < 0) code = failed("has a chunk that cannot be found");
        else if (size > most) code = fail(CH5_UNSUPPORTED, "stores a chunk in more bytes than it can need");
        else if (H5Dread_chunk(set, H5P_DEFAULT, offset, &skipped, stored) < 0) code = failed("has a chunk that cannot be read");
        else code = check_chunk(creation, stored, size, skipped, bytes);
        // The next chunk, the last dimension varying fastest.
        for (int i = rank - 1; i >= 0; i--) {
            offset[i] += chunk[i];
            if (i == 0 || offset[i] < extent[i]) break;
            offset[i] = 0;
        }
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

int ch5_read_part(int64_t file, const char *name, int type, uint64_t start, uint64_t count, void *elements) {
    enter();
    hid_t set, part, block;
    int code = open_set(file, name, &set);
    if (code != CH5_OK) return leave(code);
    code = check_part(set, start, count);
    if (code == CH5_OK) code = select_part(set, start, count, &part, &block);
    if (code == CH5_OK) {
        if (H5Dread(set, memory_type(type), block, part, H5P_DEFAULT, elements) < 0) code = failed("cannot be read");
        H5Sclose(block);
        H5Sclose(part);
    }
    H5Dclose(set);
    return leave(code);
}

int ch5_create_parts(int64_t file, const char *name, int type, int rank, const uint64_t *shape, uint64_t entries, int level) {
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
        hid_t set = H5Dcreate2(file, name, file_type(type), space, H5P_DEFAULT, creation, H5P_DEFAULT);
        if (set < 0 || H5Dclose(set) < 0) code = failed("cannot be made");
    }
    H5Pclose(creation);
    H5Sclose(space);
    return leave(code);
}

int ch5_write_part(int64_t file, const char *name, int type, uint64_t start, uint64_t count, const void *elements) {
    enter();
    hid_t set, part, block;
    int code = open_set(file, name, &set);
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

int ch5_set_attribute(int64_t file, const char *name, const char *value) {
    enter();
    hid_t type = H5Tcopy(H5T_C_S1), space = H5Screate(H5S_SCALAR);
    H5Tset_size(type, strlen(value) + 1);
    H5Tset_cset(type, H5T_CSET_UTF8);
    hid_t attribute = H5Acreate2(file, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    int code = CH5_OK;
    if (attribute < 0 || H5Awrite(attribute, type, value) < 0) code = failed("cannot be written");
    if (attribute >= 0 && H5Aclose(attribute) < 0 && code == CH5_OK) code = failed("cannot be closed");
    H5Sclose(space);
    H5Tclose(type);
    return leave(code);
}

int ch5_attribute(int64_t file, const char *name, char *buffer, uint64_t capacity, uint64_t *size) {
    enter();
    if (H5Aexists(file, name) <= 0) return leave(fail(CH5_ABSENT, "no such attribute"));
    hid_t attribute = H5Aopen(file, name, H5P_DEFAULT);
    if (attribute < 0) return leave(failed("cannot be opened"));
    hid_t stored = H5Aget_type(attribute), space = H5Aget_space(attribute);
    int code = CH5_OK;
    size_t length = H5Tget_size(stored);
    if (H5Tget_class(stored) != H5T_STRING || H5Tis_variable_str(stored) || H5Sget_simple_extent_npoints(space) != 1) {
        code = fail(CH5_UNSUPPORTED, "is not one string of fixed length");
    } else if (H5Aget_storage_size(attribute) != length || length > (1 << 24)) {
        code = fail(CH5_UNSUPPORTED, "declares a length that it does not have");
    } else {
        *size = length + 1;  // room for a NUL where the file's string has none
        if (buffer && capacity >= *size) {
            memset(buffer, 0, *size);
            if (H5Aread(attribute, stored, buffer) < 0) code = failed("cannot be read");
        }
    }
    H5Sclose(space);
    H5Tclose(stored);
    H5Aclose(attribute);
    return leave(code);
}

int ch5_counts(int64_t file, uint64_t *objects, uint64_t *attributes) {
    enter();
    H5G_info_t group;
    if (H5Gget_info(file, &group) < 0) return leave(failed("cannot be listed"));
    *objects = group.nlinks;
    hid_t root = H5Gopen2(file, "/", H5P_DEFAULT);
    int number = root < 0 ? -1 : H5Aget_num_attrs(root);
    if (root >= 0) H5Gclose(root);
    if (number < 0) return leave(failed("cannot be listed"));
    *attributes = (uint64_t)number;
    return leave(CH5_OK);
}

int ch5_object_name(int64_t file, uint64_t index, char *buffer, uint64_t capacity, int *is_data_set) {
    enter();
    ssize_t length =
        H5Lget_name_by_idx(file, ".", H5_INDEX_NAME, H5_ITER_INC, index, buffer, (size_t)capacity, H5P_DEFAULT);
    if (length < 0) return leave(failed("cannot be listed"));
    if ((uint64_t)length >= capacity) return leave(fail(CH5_UNSUPPORTED, "has an overlong name"));
    hid_t object = H5Oopen(file, buffer, H5P_DEFAULT);
    if (object < 0) return leave(failed("cannot be opened"));
    *is_data_set = H5Iget_type(object) == H5I_DATASET;
    H5Oclose(object);
    return leave(CH5_OK);
}

int ch5_attribute_name(int64_t file, uint64_t index, char *buffer, uint64_t capacity) {
    enter();
    ssize_t length =
        H5Aget_name_by_idx(file, ".", H5_INDEX_NAME, H5_ITER_INC, index, buffer, (size_t)capacity, H5P_DEFAULT);
    if (length < 0) return leave(failed("cannot be listed"));
    return leave((uint64_t)length >= capacity ? fail(CH5_UNSUPPORTED, "has an overlong name") : CH5_OK);
}
