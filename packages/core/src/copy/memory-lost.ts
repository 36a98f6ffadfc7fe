/** What a cursor tells of one of the two stores does not hold: a copy cannot go on from it. */
export class MemoryLost extends Error {
  override readonly name = 'MemoryLost'
}
