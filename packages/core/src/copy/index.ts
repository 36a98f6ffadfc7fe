export type { CopiedPart, CopiedStores, CopyCount } from './copy-cursor.js'
export { CopyInterrupted } from './copy-interrupted.js'
export { type CopyProgress, type CopyReport, type CopyStoresOptions, copyStores } from './copy-stores.js'
