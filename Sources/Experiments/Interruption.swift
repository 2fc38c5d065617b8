import CProcess
import Glibc
import Synchronization

private let received = Atomic<Int32>(0)
/// Whether SIGINT or SIGTERM was received, and whether another of them is to end the process.
private let urged = Atomic<Bool>(false), urgeEnds = Atomic<Bool>(true)

/// A wish to stop, from a signal, that a run meets at the end of its iteration.
public enum Interruption {
    private static let urgent = [SIGINT, SIGTERM]
    /// A terminal that is closed, a batch system's warnings, a limit on processor time, which the kernel repeats each second.
    private static let patient = [SIGHUP, SIGUSR1, SIGUSR2, SIGXCPU]

    /// From now on SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2 and SIGXCPU set `signal`; SIGHUP does not where it was ignored, as under nohup.
    ///
    /// - Parameter secondEnds: whether a second SIGINT or SIGTERM ends the process at once with code 128 + signal. Not in a child, which a
    ///   batch system and its parent may both tell to stop.
    public static func catchSignals(secondEnds: Bool = true) {
        _ = received.load(ordering: .relaxed)  // the handler must not be the first to touch them
        _ = urged.load(ordering: .relaxed)
        urgeEnds.store(secondEnds, ordering: .relaxed)
        var action = sigaction()
        action.__sigaction_handler.sa_handler = { signal in
            if signal == SIGINT || signal == SIGTERM, urged.exchange(true, ordering: .relaxed),
                urgeEnds.load(ordering: .relaxed)
            {
                _exit(128 + signal)
            }
            _ = received.compareExchange(expected: 0, desired: signal, ordering: .relaxed)
        }
        action.sa_flags = SA_RESTART
        // A parent may have blocked them, and what it blocks is inherited.
        var signals = sigset_t()
        sigemptyset(&signals)
        for signal in urgent + patient where !(signal == SIGHUP && isIgnored(signal)) {
            sigaction(signal, &action, nil)
            sigaddset(&signals, signal)
        }
        pthread_sigmask(SIG_UNBLOCK, &signals, nil)
    }

    private static func isIgnored(_ signal: Int32) -> Bool {
        var action = sigaction()
        sigaction(signal, nil, &action)
        return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
            == unsafeBitCast(SIG_IGN, to: Int.self)
    }

    /// The signal that was received; nil where none was.
    @Sendable public static func signal() -> Int32? {
        let signal = received.load(ordering: .relaxed)
        return signal == 0 ? nil : signal
    }

    /// Has this process killed as soon as `parent`, which started it, ends; at once where that has ended already.
    public static func endWith(parent: Int32) {
        cprocess_signal_at_parents_end(SIGKILL)
        if getppid() != parent { raise(SIGKILL) }
    }
}
