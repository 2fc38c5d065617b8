import CProcess
import Foundation

/// What the system says of this machine and process.
package enum Processor {
    /// The processor's model name.
    static let name: String = {
        let lines = ((try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? "").split(separator: "\n")
        let model = lines.first { $0.hasPrefix("model name") }?.split(separator: ":").last
        return model.map { $0.trimmingCharacters(in: .whitespaces) } ?? "unknown"
    }()

    /// How many threads this process can run at a time, at least 1: the processors that it may use, by its affinity, and no more than its
    /// control group's share of processor time, rounded up.
    package static let available: Int = {
        let allowed = Int(cprocess_available())
        let processors = allowed > 0 ? allowed : ProcessInfo.processInfo.activeProcessorCount
        return max(1, min(processors, share.map { Int($0.rounded(.up)) } ?? processors))
    }()

    /// Processors' worth of time that the control group may take; nil where it is not limited. The group's own limit as a container sees it,
    /// in version 2 of control groups and in version 1.
    private static var share: Double? {
        func numbers(_ name: String) -> [Double?] {
            let text = (try? String(contentsOfFile: "/sys/fs/cgroup/\(name)", encoding: .utf8)) ?? ""
            return text.split(whereSeparator: \.isWhitespace).map { Double($0) }
        }
        let limits = [numbers("cpu.max"), numbers("cpu/cpu.cfs_quota_us") + numbers("cpu/cpu.cfs_period_us")]
        for limit in limits where limit.count == 2 {
            if let quota = limit[0], let period = limit[1], quota > 0, period > 0, quota / period < 65_536 {
                return quota / period
            }
        }
        return nil
    }

    /// The most memory that the process held since `forgetPeakMemory`, in bytes (VmHWM).
    static var peakMemory: Int {
        let lines = ((try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? "").split(separator: "\n")
        let peak = lines.first { $0.hasPrefix("VmHWM:") }?.split(whereSeparator: \.isWhitespace)
        return (peak?.count ?? 0) > 1 ? (Int(peak![1]) ?? 0) * 1024 : 0
    }

    /// Starts the measure of peak memory anew; where the kernel does not allow it, it goes on over the process's life.
    static func forgetPeakMemory() {
        if let file = fopen("/proc/self/clear_refs", "w") {
            fputs("5", file)
            fclose(file)
        }
    }
}
