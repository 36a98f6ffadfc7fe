import { parse } from 'yaml'
import { filesBelow, read } from './workspace.js'

/** One step of a job, as far as the tests look at it. */
interface Step {
  readonly uses?: string
  readonly run?: string
}

interface Server {
  readonly image: string
  readonly ports: readonly string[]
}

type Permissions = Readonly<Record<string, string>>

/** One job of a workflow. */
export interface Job {
  readonly permissions?: Permissions
  readonly 'timeout-minutes'?: number
  readonly strategy?: { readonly matrix: Readonly<Record<string, readonly string[]>> }
  readonly services?: Readonly<Record<string, Server>>
  readonly env?: Readonly<Record<string, string>>
  /** Another workflow that is the whole job. */
  readonly uses?: string
  readonly steps?: readonly Step[]
}

/** One file of `.github/workflows`. */
export interface Workflow {
  readonly path: string
  readonly text: string
  readonly permissions?: Permissions
  readonly concurrency?: { readonly group: string }
  readonly jobs: Readonly<Record<string, Job>>
}

function readYaml(path: string): unknown {
  return parse(read(path)) as unknown
}

/** All YAML files that are written by hand. */
export const yamlFiles: readonly string[] = [
  ...filesBelow('.github').filter((path) => /\.ya?ml$/.test(path)),
  'compose.yaml',
  'pnpm-workspace.yaml',
]

/** All workflows. */
export const workflows: readonly Workflow[] = filesBelow('.github/workflows').map((path) => ({
  ...(readYaml(path) as Omit<Workflow, 'path' | 'text'>),
  path,
  text: read(path),
}))

/** The workflow of that file. */
export function workflow(name: string): Workflow {
  const found = workflows.find(({ path }) => path === `.github/workflows/${name}.yml`)
  if (found === undefined) throw new Error(`there is no workflow ${name}`)
  return found
}

/** All jobs with the names of their workflow and their own. */
export const jobs: readonly (Job & { readonly at: string })[] = workflows.flatMap(({ path, jobs }) =>
  Object.entries(jobs).map(([name, job]) => ({ ...job, at: `${path} ${name}` })),
)

/** The lines of all `run` steps. */
export const commands: readonly string[] = jobs.flatMap(({ steps = [] }) =>
  steps.flatMap(({ run = '' }) => run.split('\n').map((line) => line.trim())).filter((line) => line !== ''),
)

/** The servers of `compose.yaml`. */
export const servers: Readonly<Record<string, Server & { readonly healthcheck?: unknown }>> = (
  readYaml('compose.yaml') as { services: Record<string, Server> }
).services
