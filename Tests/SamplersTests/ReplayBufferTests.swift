import Oracles
import Samplers
import Testing
import Torch

@Suite struct ReplayBufferTests {
    /// Slot i holds i, far from the noise.
    private func numbered(_ settings: ReplayBuffer.Settings) throws -> ReplayBuffer {
        let buffer = try ReplayBuffer(shape: [2], settings, using: RandomGenerator(seed: 1))
        buffer.points.assign(
            (Tensor.range(settings.capacity, dtype: .float32) + 10).unsqueezed(1).expanded([settings.capacity, 2]))
        return buffer
    }

    /// 20,000 coins: five standard deviations are 0.015. Noise is uniform on its range: its mean and extremes.
    @Test(arguments: [0, 0.25, 1])
    func asManyAreFreshAsTheRateSays(rate: Double) throws {
        let buffer = try numbered(.init(capacity: 300, rejuvenationRate: rate, noise: -2...1))
        let draw = buffer.draw(20_000, using: RandomGenerator(seed: 2))
        let values = draw.points.array(Double.self)
        let fresh = stride(from: 0, to: values.count, by: 2).filter { values[$0] < 10 }
        #expect(fresh.count == draw.fresh)
        let deviation: Double = (rate * (1 - rate) / 20_000).squareRoot()
        let share = Double(fresh.count) / 20_000
        #expect(abs(share - rate) <= 5 * deviation)
        if rate == 1 {
            #expect(values.allSatisfy { -2 <= $0 && $0 < 1 })
            // The mean of 40,000 numbers of variance 9/12.
            let mean = values.reduce(0, +) / 40_000
            #expect(abs(mean + 0.5) < 5 * 0.00433)
        }
        if rate == 0 {
            // Each of 300 slots equally often.
            let counts = values.reduce(into: [Int](repeating: 0, count: 300)) { $0[Int($1) - 10] += 1 }
            let expected = 20_000.0 / 300
            let far = counts.filter { (count: Int) in abs(Double(count) / 2 - expected) > 6 * expected.squareRoot() }
            #expect(far.isEmpty)
        }
    }

    @Test func chainsGoBackWhereTheyCameFrom() throws {
        let buffer = try numbered(.init(capacity: 50, rejuvenationRate: 0.3))
        let draw = buffer.draw(30, using: RandomGenerator(seed: 3))
        let before = buffer.points.array(Float.self)
        buffer.store(draw.points + 1000, from: draw)
        let after = buffer.points.array(Float.self)
        // Of several in one slot the last stays.
        let drawn = draw.points.array(Float.self)
        var expected = before
        for row in 0..<30 where drawn[2 * row] >= 10 {
            let slot = Int(drawn[2 * row]) - 10
            expected[2 * slot] = drawn[2 * row] + 1000
            expected[2 * slot + 1] = drawn[2 * row + 1] + 1000
        }
        // Fresh ones overwrote slots too: as many or fewer, and those hold noise + 1000.
        let others = (0..<50).filter { after[2 * $0] != expected[2 * $0] }
        #expect(!others.isEmpty && others.count <= draw.fresh)
        #expect(others.allSatisfy { 999 <= after[2 * $0] && after[2 * $0] <= 1001 })
        #expect(buffer.count == 50)
        // The draw is a copy.
        #expect(draw.points.array(Float.self) == drawn)
    }

    @Test func ofSeveralInOneSlotTheLastStays() throws {
        let buffer = try numbered(.init(capacity: 1, rejuvenationRate: 0))
        let draw = buffer.draw(40, using: RandomGenerator(seed: 3))
        buffer.store(Tensor.range(80, dtype: .float32).reshaped([40, 2]), from: draw)
        #expect(buffer.points.array(Float.self) == [78, 79])
    }

    @Test func withoutReplacementNoSlotIsDrawnTwice() throws {
        let buffer = try numbered(.init(capacity: 40, rejuvenationRate: 0, slots: .withoutReplacement))
        let draw = buffer.draw(40, using: RandomGenerator(seed: 4))
        let values = draw.points.selected(1, 0).array(Int.self)
        #expect(values.sorted() == Array(10..<50) && values != Array(10..<50))
    }

    @Test func aQueueForgetsTheOldest() throws {
        for slots in ReplayBuffer.Settings.Slots.allCases {
            let buffer = try ReplayBuffer(
                shape: [1], .init(capacity: 5, rejuvenationRate: 0, start: .empty, slots: slots, writing: .queue),
                using: RandomGenerator(seed: 1))
            let generator = RandomGenerator(seed: 2)
            var draw = buffer.draw(3, using: generator)
            #expect(draw.fresh == 3 && buffer.count == 0)
            buffer.store(Tensor([11.0, 12, 13] as [Float], shape: [3, 1]), from: draw)
            #expect(buffer.count == 3 && buffer.next == 3)
            draw = buffer.draw(4, using: generator)
            // With replacement three are enough to draw four from.
            #expect(draw.fresh == (slots == .withReplacement ? 0 : 1))
            #expect(draw.points.array(Float.self).filter { $0 > 10 }.count == 4 - draw.fresh)
            buffer.store(Tensor([14, 15, 16, 17] as [Float], shape: [4, 1]), from: draw)
            #expect(buffer.points.array(Float.self) == [16, 17, 13, 14, 15] && buffer.count == 5 && buffer.next == 2)
        }
    }

    @Test func itsStateIsPointsCountAndNext() throws {
        let settings = ReplayBuffer.Settings(capacity: 6, rejuvenationRate: 0.5, start: .empty, writing: .queue)
        func use(_ buffer: ReplayBuffer, _ generator: RandomGenerator) -> [Float] {
            var all: [Float] = []
            for _ in 0..<4 {
                let draw = buffer.draw(4, using: generator)
                all += draw.points.array(Float.self)
                buffer.store(draw.points * 2, from: draw)
            }
            return all
        }
        let buffer = try ReplayBuffer(shape: [2], settings, using: RandomGenerator(seed: 1))
        let generator = RandomGenerator(seed: 2)
        _ = use(buffer, generator)
        let (points, count, next, state) = (buffer.points.copied(), buffer.count, buffer.next, generator.state)
        let expected = use(buffer, generator)
        let other = try ReplayBuffer(shape: [2], settings, using: RandomGenerator(seed: 7))
        try other.restore(points: points, count: count, next: next)
        let second = RandomGenerator(seed: 5)
        try second.restore(state)
        #expect(use(other, second) == expected)
        #expect(throws: SamplingError.self) { try other.restore(points: .zeros([5, 2]), count: 1, next: 0) }
        #expect(throws: SamplingError.self) { try other.restore(points: points, count: 7, next: 0) }
        #expect(throws: SamplingError.self) { try other.restore(points: points, count: 6, next: 6) }
    }

    @Test func resettingBeginsAnew() throws {
        let settings = ReplayBuffer.Settings(capacity: 20)
        let buffer = try ReplayBuffer(shape: [3], settings, using: RandomGenerator(seed: 1))
        let start = buffer.points.array(Float.self)
        #expect(start.allSatisfy { -1 <= $0 && $0 < 1 } && buffer.count == 20)
        let draw = buffer.draw(10, using: RandomGenerator(seed: 2))
        buffer.store(draw.points + 5, from: draw)
        buffer.reset(using: RandomGenerator(seed: 1))
        #expect(buffer.points.array(Float.self) == start)
    }

    @Test func settingsOutOfRangeAreRefusedByName() throws {
        func message(_ settings: ReplayBuffer.Settings) -> String {
            do { _ = try ReplayBuffer(shape: [1], settings, using: RandomGenerator(seed: 0)) } catch {
                return "\(error)"
            }
            return ""
        }
        #expect(message(.init(capacity: 0)).contains("a replay buffer of 0 points: at least 1"))
        #expect(message(.init(rejuvenationRate: 1.01)).contains("a rejuvenation rate of 1.01: it lies in 0 ... 1"))
        #expect(message(.init(rejuvenationRate: .nan)).contains("rejuvenation rate"))
        #expect(message(.init(noise: 1...1)).contains("noise on"))
        #expect(message(.init(start: .empty)).contains("never fills"))
        #expect(message(.init(capacity: 3)) == "")
    }
}
