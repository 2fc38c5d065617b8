import Glibc
import Synchronization

private let received = Atomic<Int32>(0)

/// A wish to stop, from SIGINT or SIGTERM, that a run meets at the end of its iteration.
public enum Interruption {
    /// From now on SIGINT and SIGTERM set `signal`, and a second one ends the process at once with code 128 + signal.
    public static func catchSignals() {
        _ = received.load(ordering: .relaxed)  // the handler must not be the first to touch it
        var action = sigaction()
        action.__sigaction_handler.sa_handler = { signal in
            if received.exchange(signal, ordering: .relaxed) != 0 { _exit(128 + signal) }
        }
        action.sa_flags = SA_RESTART
        sigaction(SIGINT, &action, nil)
        sigaction(SIGTERM, &action, nil)
        // A parent may have blocked them, and what it blocks is inherited.
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGINT)
        sigaddset(&signals, SIGTERM)
        pthread_sigmask(SIG_UNBLOCK, &signals, nil)
    }

    /// The signal that was received; nil where none was.
    @Sendable public static func signal() -> Int32? {
        let signal = received.load(ordering: .relaxed)
        return signal == 0 ? nil : signal
    }
}
