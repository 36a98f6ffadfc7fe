export { type Logger, type LogOptions, logTo } from './log-to.js'
