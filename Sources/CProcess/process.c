#define _GNU_SOURCE
#include "CProcess.h"

#include <errno.h>
#include <sched.h>
#include <sys/prctl.h>

int cprocess_available(void) {
    // The set must be as large as the kernel's, which is not known.
    for (int processors = 1024; processors <= 1 << 20; processors *= 2) {
        cpu_set_t *set = CPU_ALLOC(processors);
        if (!set) return 0;
        const size_t size = CPU_ALLOC_SIZE(processors);
        const int failed = sched_getaffinity(0, size, set);
        const int count = failed ? 0 : CPU_COUNT_S(size, set);
        CPU_FREE(set);
        if (!failed || errno != EINVAL) return count;
    }
    return 0;
}

void cprocess_signal_at_parents_end(int signal) { prctl(PR_SET_PDEATHSIG, signal); }
