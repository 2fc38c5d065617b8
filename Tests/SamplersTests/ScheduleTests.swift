import EnergyModels
import Samplers
import Testing
import Torch

@Suite struct ScheduleTests {
    @Test func samplesComeAfterBurnInAtTheThinning() throws {
        let chains = try IsingGibbsChains(
            .uniform(.squareTorus(side: 3), coupling: 0), count: 2, using: RandomGenerator(seed: 1))
        var run = ScheduledChains(chains, try Schedule(burnIn: 5, thinning: 4, samples: 3))
        #expect(run.hopDistance.isNaN)
        var stepsOfSamples: [Int] = []
        while !run.isFinished { if run.step() != nil { stepsOfSamples.append(run.stepsTaken) } }
        #expect(stepsOfSamples == [9, 13, 17] && run.schedule.steps == 17)
        #expect(run.nextSample() == nil)
        #expect(run.moves.proposed == 12 * 2 * 9)
    }

    @Test func whatIsNoScheduleIsNamed() {
        for (burnIn, thinning, samples) in [(-1, 1, 1), (0, 0, 1), (0, 1, -1), (1, Int.max, 2), (Int.max, 1, 1)] {
            #expect(throws: SamplingError.self) { try Schedule(burnIn: burnIn, thinning: thinning, samples: samples) }
        }
    }

    @Test func stepsBeyondTheScheduleTrap() async {
        await #expect(processExitsWith: .failure) {
            let chains = try IsingGibbsChains(
                .uniform(.squareTorus(side: 3), coupling: 0), count: 2, using: RandomGenerator(seed: 1))
            var run = ScheduledChains(chains, try Schedule(samples: 0))
            _ = run.step()
        }
    }
}
