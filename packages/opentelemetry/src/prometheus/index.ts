export type { MetricsOptions } from '../metrics/collect.js'
export { type PrometheusOptions, prometheus } from './prometheus.js'
