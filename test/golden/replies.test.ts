import { eventNames } from '@countersign/core'
import type { MountAdapter } from '@countersign/testkit'
import { describe, expect, it } from 'vitest'
import { adapters } from '../contracts/adapters.js'
import { isRecording, record, recorded } from './recorded.js'
import { channels, type Step } from './recorder.js'
import { runScenario } from './scenario.js'
import { scenarios } from './scenarios.js'

// What is in recorded/ was answered before names, options and files were changed. Where a test fails, the wire or an event
// has changed for everybody who uses it. If that is wanted: node test/golden/record.js --record

const [first] = adapters as readonly [MountAdapter, ...MountAdapter[]]

describe.each(isRecording ? [first] : adapters)('on $name, as before', (adapter) => {
  it.each(scenarios)('$name', { timeout: 60_000 }, async (scenario) => {
    const steps = await runScenario(scenario, adapter)
    if (isRecording) record(scenario.name, steps)
    expect(steps).toEqual(recorded<readonly Step[]>(scenario.name))
  })
})

it('every channel has the name that it had', () => {
  expect([...eventNames]).toEqual(expect.arrayContaining([...channels]))
})

it('there are 150 requests or more, of different names in each scenario', () => {
  const all = scenarios.map(({ name }) => recorded<readonly Step[]>(name).map((step) => step.name))
  expect(all.flat().length).toBeGreaterThanOrEqual(150)
})
