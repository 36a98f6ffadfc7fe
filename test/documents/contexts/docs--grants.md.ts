export { onEvent } from '@countersign/core'
export const log = (...values: readonly unknown[]): void => console.log(...values)
