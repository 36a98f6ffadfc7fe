export { type InstrumentOptions, instrument } from './instrument.js'
export type { MetricsOptions } from './metrics/collect.js'
