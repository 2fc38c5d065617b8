#pragma once

// What the kernel offers a process and Swift's Glibc does not.

/// The number of processors that this process may use, by its affinity; 0 where the kernel does not say.
int cprocess_available(void);

/// Has the kernel send this process a signal as soon as the thread that started it ends.
void cprocess_signal_at_parents_end(int signal);
