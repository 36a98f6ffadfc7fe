/** How a metric is named and described. */
export interface Metric {
  /**
   * In the form of OpenTelemetry: Prometheus has underscores in place of the dots, and `_total` at the end of a counter. The unit is in the
   * name, because one exporter for Prometheus would add it and another would not.
   */
  readonly name: string
  readonly kind: 'counter' | 'gauge' | 'histogram'
  readonly help: string
  readonly labels: readonly string[]
  /** In the units of UCUM. */
  readonly unit?: 's'
}

const counter = (name: string, help: string, ...labels: readonly string[]): Metric => ({ name, kind: 'counter', help, labels })
const duration = (name: string, help: string, ...labels: readonly string[]): Metric => ({
  name,
  kind: 'histogram',
  help,
  labels,
  unit: 's',
})

/** The name of a metric in {@link metricList}. */
export type MetricId =
  | 'accepted'
  | 'refused'
  | 'anonymous'
  | 'guardDuration'
  | 'keyLoads'
  | 'keyDuration'
  | 'keys'
  | 'keyAge'
  | 'revocations'
  | 'staleViews'
  | 'issuers'
  | 'ourKeys'
  | 'nonces'
  | 'tokens'
  | 'tokenDuration'
  | 'tokenRevocations'
  | 'introspections'
  | 'introspected'
  | 'clients'
  | 'integrations'
  | 'audit'
  | 'dpop'
  | 'shadow'

/** All metrics. Names and labels are part of the API. */
export const metricList: Readonly<Record<MetricId, Metric>> = {
  accepted: counter('countersign.guard.accepted', 'Requests and tokens that were accepted.', 'via', 'cached'),
  refused: counter('countersign.guard.refused', 'Requests and tokens that were refused, or could not be judged.', 'via', 'reason'),
  anonymous: counter('countersign.guard.anonymous', 'Requests without credentials that were admitted.'),
  guardDuration: duration(
    'countersign.guard.duration.seconds',
    'Time that a guard took. It is a sample of the requests.',
    'outcome',
    'cached',
  ),
  keyLoads: counter('countersign.key_source.loads', 'Attempts to load the keys of an issuer.', 'via', 'outcome'),
  keyDuration: duration('countersign.key_source.duration.seconds', 'Time that it took to load the keys of an issuer.', 'outcome'),
  keys: { name: 'countersign.key_source.keys', kind: 'gauge', help: 'Usable keys of an issuer.', labels: ['via'] },
  keyAge: {
    name: 'countersign.key_source.age.seconds',
    kind: 'gauge',
    help: 'Time since the keys of an issuer were loaded.',
    labels: ['via'],
    unit: 's',
  },
  revocations: counter('countersign.revocations', 'Entries of the denylist, and changes of its copy in this process.', 'outcome', 'type'),
  staleViews: { name: 'countersign.revocation_view.stale', kind: 'gauge', help: 'Copies of the denylist that are too old.', labels: [] },
  issuers: counter('countersign.issuer.changes', 'Issuers that were set, removed, found or not found.', 'via', 'outcome'),
  ourKeys: counter('countersign.key.changes', 'Changes of our signing keys and of client keys.', 'action', 'outcome'),
  nonces: counter('countersign.nonces', 'Nonces that were issued, spent or refused.', 'action', 'outcome'),
  tokens: counter('countersign.token.requests', 'Replies of the token endpoint.', 'grant_type', 'outcome'),
  tokenDuration: duration('countersign.token.duration.seconds', 'Time that the token endpoint took.', 'grant_type'),
  tokenRevocations: counter('countersign.token_revocation.requests', 'Replies of the revocation endpoint.', 'outcome'),
  introspections: counter('countersign.introspection.requests', 'Replies of the introspection endpoint.', 'outcome', 'reason'),
  introspected: counter(
    'countersign.introspection.questions',
    'Questions to introspection endpoints of issuers, by outcome.',
    'via',
    'outcome',
  ),
  clients: counter('countersign.client.changes', 'Changes of clients and their secrets.', 'action', 'outcome'),
  integrations: counter('countersign.integration.changes', 'Changes of integrations and enrollments.', 'action', 'outcome'),
  dpop: counter('countersign.dpop', 'Parts that check DPoP proofs in a way that needs attention.', 'outcome'),
  shadow: counter('countersign.shadow.requests', 'Requests that a guard in shadow mode looked at.', 'via', 'old', 'new', 'reason'),
  audit: counter('countersign.audit.missing', 'Entries of an audit that are missing from its store.', 'outcome'),
}

/** Bounds of the durations in seconds: a cached token takes microseconds, and a store over the network milliseconds. */
export const durationBounds: readonly number[] = [
  0.000_025, 0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
]
