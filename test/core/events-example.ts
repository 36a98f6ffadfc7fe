import { onEvent } from '@countersign/core'

const counts = new Map<string, number>()

export const end = onEvent('countersign:refused', ({ reason, via, detail, cause }) => {
  counts.set(reason, (counts.get(reason) ?? 0) + 1)
  console.warn('refused', { reason, via, detail, cause })
})
