/** A state machine. States are plain data, and equal states have equal JSON. */
export interface Machine<State, Action extends string> {
  readonly name: string
  readonly initial: State
  readonly actions: readonly Action[]
  /** Undefined where the action is not possible. */
  step(state: State, action: Action): { readonly state: State; readonly answer: string } | undefined
}

/** One step of an exploration. */
interface Transition<State, Action> {
  readonly before: State
  readonly action: Action
  readonly answer: string
  readonly after: State
}

/** What must hold for every step. */
export interface Invariant<State, Action> {
  readonly name: string
  holds(transition: Transition<State, Action>): boolean
}

/** What was done, and what came of it. */
export interface TraceStep<Action extends string = string> {
  readonly action: Action
  readonly answer: string
}

/** What an exploration saw. */
export interface Exploration<State, Action extends string> {
  readonly depth: number
  readonly states: number
  readonly transitions: number
  /** True when there is no further state at any depth. */
  readonly complete: boolean
  /** The shortest way to break an invariant. */
  readonly violation: { readonly invariant: string; readonly trace: readonly TraceStep<Action>[] } | undefined
  /** Every step that was seen, with the shortest way to it. */
  edges(maxDepth: number): Iterable<{ readonly trace: readonly TraceStep<Action>[]; readonly transition: Transition<State, Action> }>
}

interface Node<State, Action extends string> {
  readonly state: State
  readonly depth: number
  readonly parent: number
  readonly last: TraceStep<Action> | undefined
}

function traceTo<State, Action extends string>(nodes: readonly Node<State, Action>[], index: number): readonly TraceStep<Action>[] {
  const trace: TraceStep<Action>[] = []
  for (let node = nodes[index]; node?.last !== undefined; node = nodes[node.parent]) trace.push(node.last)
  return trace.reverse()
}

function* edgesOf<State, Action extends string>(
  machine: Machine<State, Action>,
  nodes: readonly Node<State, Action>[],
  maxDepth: number,
): ReturnType<Exploration<State, Action>['edges']> &
  Generator<{ trace: readonly TraceStep<Action>[]; transition: Transition<State, Action> }> {
  for (const [index, { state, depth }] of nodes.entries()) {
    if (depth >= maxDepth) return
    const before = traceTo(nodes, index)
    for (const action of machine.actions) {
      const result = machine.step(state, action)
      if (result === undefined) continue
      const { answer } = result
      yield { trace: [...before, { action, answer }], transition: { before: state, action, answer, after: result.state } }
    }
  }
}

/**
 * Takes every action in every state that can be reached in fewer than `depth` steps, each state once, nearest first: every
 * sequence of up to `depth` actions ends in a step that is judged.
 */
export function explore<State, Action extends string>(
  machine: Machine<State, Action>,
  invariants: readonly Invariant<State, Action>[],
  depth: number,
): Exploration<State, Action> {
  const nodes: Node<State, Action>[] = [{ state: machine.initial, depth: 0, parent: -1, last: undefined }]
  const seen = new Set([JSON.stringify(machine.initial)])
  const counts = { transitions: 0, complete: true }
  const found = (violation: Exploration<State, Action>['violation']): Exploration<State, Action> => ({
    depth,
    states: nodes.length,
    transitions: counts.transitions,
    complete: counts.complete && violation === undefined,
    violation,
    edges: (maxDepth) => edgesOf(machine, nodes, maxDepth),
  })
  for (let index = 0; index < nodes.length; index += 1) {
    const node = nodes[index]
    if (node === undefined) break
    if (node.depth >= depth) {
      counts.complete = false
      break
    }
    for (const action of machine.actions) {
      const result = machine.step(node.state, action)
      if (result === undefined) continue
      counts.transitions += 1
      const last = { action, answer: result.answer }
      const transition = { before: node.state, action, answer: result.answer, after: result.state }
      const broken = invariants.find((invariant) => !invariant.holds(transition))
      if (broken) return found({ invariant: broken.name, trace: [...traceTo(nodes, index), last] })
      const key = JSON.stringify(result.state)
      if (seen.has(key)) continue
      seen.add(key)
      nodes.push({ state: result.state, depth: node.depth + 1, parent: index, last })
    }
  }
  return found(undefined)
}
