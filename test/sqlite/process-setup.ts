/** What a process is told. */
export interface ProcessSetup {
  readonly file: string
  readonly driver: string
  /** Where libsql is: it cannot be part of a bundle. */
  readonly library: string
}

/** So long that a busy machine, or a case that calls thousands of times at once, is no outage. */
export const patientMs = 15_000
