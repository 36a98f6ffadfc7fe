/** Some numbers for each of many things. An object for each would take several times the memory. */
export interface Numbers {
  /** A place for the numbers of one more. */
  take(): number
  give(place: number): void
  get(place: number, which: number): number
  set(place: number, which: number, value: number): void
}

const bitsOfPlace = 12
const placesPerBlock = 2 ** bitsOfPlace

/** @param each - how many numbers everything has */
export function createNumbers(each: number): Numbers {
  const blocks: Float64Array[] = []
  const free: number[] = []
  const nothing = new Float64Array(0)
  const state = { next: 0 }
  const at = (place: number, which: number): number => (place & (placesPerBlock - 1)) * each + which
  const blockOf = (place: number): Float64Array => blocks[place >>> bitsOfPlace] ?? nothing
  return {
    take() {
      const place = free.pop() ?? state.next
      if (place === state.next) {
        if (place % placesPerBlock === 0) blocks.push(new Float64Array(placesPerBlock * each))
        state.next += 1
      }
      return place
    },
    give: (place) => void free.push(place),
    get: (place, which) => blockOf(place)[at(place, which)] ?? Number.NaN,
    set(place, which, value) {
      blockOf(place)[at(place, which)] = value
    },
  }
}
