/** Records of one part. The store's driver reads a whole answer at a stretch, so a slow machine asks for less. */
const records = { least: 100, most: 1_000 }
/** So long the records of a part may take to be read from the answer and taken over. The driver needs about as long before. */
const partMs = 10

/** The number of records in one request. */
export interface PartSize {
  records(): number
  /** So many records were read and taken over in so much time. */
  took(count: number, milliseconds: number): void
}

/** As many as a part may have, and fewer where the last one took longer than it should. */
export function createPartSize(): PartSize {
  const state = { records: records.most }
  return {
    records: () => state.records,
    took(count, milliseconds) {
      // a few say nothing about the speed
      if (count < records.least) return
      const inTime = Math.floor((count * partMs) / Math.max(milliseconds, 0.001))
      state.records = Math.min(records.most, Math.max(records.least, inTime))
    },
  }
}
