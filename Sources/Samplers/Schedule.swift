import Torch

/// Which steps of chains become samples: after `burnIn` steps, every `thinning`-th, `samples` in all.
public struct Schedule: Equatable, Sendable {
    public let burnIn: Int
    public let thinning: Int
    public let samples: Int

    /// - Parameters:
    ///   - burnIn: at least 0.
    ///   - thinning: at least 1.
    ///   - samples: at least 0.
    /// - Throws: `SamplingError` for numbers below those, or more steps than can be counted.
    public init(burnIn: Int = 0, thinning: Int = 1, samples: Int) throws {
        guard burnIn >= 0, thinning >= 1, samples >= 0 else {
            throw SamplingError.schedule(
                "a schedule of \(burnIn) burn-in steps and \(samples) samples every \(thinning): neither may be negative, thinning is at least 1"
            )
        }
        let (product, overflows) = thinning.multipliedReportingOverflow(by: samples)
        guard !overflows, !product.addingReportingOverflow(burnIn).overflow else {
            throw SamplingError.schedule(
                "a schedule of \(samples) samples every \(thinning) steps: more steps than can be counted")
        }
        (self.burnIn, self.thinning, self.samples) = (burnIn, thinning, samples)
    }

    /// All steps together.
    public var steps: Int { burnIn + thinning * samples }
}

/// Chains that run to a schedule and can be stopped and resumed at any step.
///
///     var run = ScheduledChains(chains, try Schedule(burnIn: 100, thinning: 10, samples: 500))
///     while let sample = run.nextSample() { … }              // [chains, d]
///     print(run.moves.acceptanceRate, run.hopDistance)
///
/// After an interruption, new chains are restored from `chains.state`, and handed over with `stepsTaken` and `moves`.
public struct ScheduledChains<Underlying: Chains> {
    public private(set) var chains: Underlying
    public let schedule: Schedule
    public private(set) var stepsTaken: Int
    /// What the chains did after the burn-in.
    public private(set) var moves: Moves

    /// - Parameters:
    ///   - stepsTaken: how many steps of the schedule lie behind the chains: 0 ... schedule.steps.
    ///   - moves: what they did in those after the burn-in.
    /// - Precondition: `stepsTaken` lies in the schedule.
    public init(_ chains: Underlying, _ schedule: Schedule, stepsTaken: Int = 0, moves: Moves = Moves()) {
        require((0...schedule.steps).contains(stepsTaken), "\(stepsTaken) steps of a schedule of \(schedule.steps)")
        (self.chains, self.schedule, self.stepsTaken, self.moves) = (chains, schedule, stepsTaken, moves)
    }

    public var isFinished: Bool { stepsTaken == schedule.steps }

    /// The mean distance that a chain moves in a step after the burn-in; NaN before the first.
    public var hopDistance: Double {
        moves.distance / Double(max(0, stepsTaken - schedule.burnIn)) / Double(chains.count)
    }

    /// One step of the schedule.
    ///
    /// - Returns: where the chains stand if that is a sample, else nil.
    /// - Precondition: the schedule is not finished.
    public mutating func step() throws(Underlying.Failure) -> Tensor? {
        require(!isFinished, "a step beyond a schedule of \(schedule.steps)")
        let made = try chains.step()
        stepsTaken += 1
        let kept = stepsTaken - schedule.burnIn
        if kept > 0 { moves += made }
        return kept > 0 && kept.isMultiple(of: schedule.thinning) ? chains.points : nil
    }

    /// Steps on to the next sample.
    ///
    /// - Returns: where the chains stand, shape [chains, d]; nil at the schedule's end.
    public mutating func nextSample() throws(Underlying.Failure) -> Tensor? {
        while !isFinished { if let sample = try step() { return sample } }
        return nil
    }
}
