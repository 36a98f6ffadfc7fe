/** Tells how far something is. */
export interface ProgressBar {
  add(more: number): void
  end(): void
}

const width = 30
/** In a log a line tells the next tenth. */
const linesPerBar = 10

/** On a terminal a bar that moves, else a line now and then; on stderr, so that stdout has the result alone. */
export function progressBar(title: string, total: number, out: NodeJS.WriteStream = process.stderr): ProgressBar {
  const startedAt = performance.now()
  const state = { done: 0, drawn: 0, drawnAt: 0 }
  const seconds = (): string => `${((performance.now() - startedAt) / 1_000).toFixed(0)} s`

  function draw(): void {
    const part = Math.min(1, state.done / total)
    if (out.isTTY) {
      const filled = Math.round(part * width)
      out.write(`\r${title} ${'█'.repeat(filled)}${'░'.repeat(width - filled)} ${Math.round(part * 100)} % ${seconds()} `)
    } else if (Math.floor(part * linesPerBar) > state.drawn) {
      state.drawn = Math.floor(part * linesPerBar)
      out.write(`${title}: ${state.drawn * linesPerBar} %, ${seconds()}\n`)
    }
  }

  return {
    add(more) {
      state.done += more
      if (performance.now() - state.drawnAt < 200 && state.done < total) return
      state.drawnAt = performance.now()
      draw()
    },
    end() {
      if (out.isTTY) out.write('\n')
    },
  }
}
