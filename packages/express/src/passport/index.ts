export { ServiceUnavailableError } from '@countersign/core/compat'
export { CountersignStrategy, type StrategyActions, type Verified, type VerifyCallback, type VerifyRequestCallback } from './strategy.js'
export type { CountersignStrategyOptions } from './strategy-options.js'
