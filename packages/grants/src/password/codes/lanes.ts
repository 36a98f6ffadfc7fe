/**
 * Runs what has one name one after the other. What waited for one that failed fails with it: it would wait for the same outage again.
 *
 * @returns a function that runs `run` when all that came before it under that name are done
 */
export function createLanes(): <T>(name: string, run: () => Promise<T>) => Promise<T> {
  const last = new Map<string, Promise<unknown>>()
  return async (name, run) => {
    const mine = (last.get(name) ?? Promise.resolve()).then(run)
    last.set(name, mine)
    try {
      return await mine
    } finally {
      if (last.get(name) === mine) last.delete(name)
    }
  }
}
