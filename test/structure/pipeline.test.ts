import { expect, test } from 'vitest'
import { read, withoutComments } from './workspace.js'

const source = withoutComments(read('packages/grants/src/token-endpoint/token-endpoint.ts'))
const [, page = ''] = read('docs/grants.md').split('## What happens to a request')
const [section = ''] = page.split(/\n##+ /)

/** The steps that a function of the endpoint calls, in order, in words. */
function stepsOf(name: string): readonly string[] {
  const begin = source.search(new RegExp(`^  (?:async function ${name}\\(|const ${name}: )`, 'm'))
  expect(begin).toBeGreaterThan(0)
  const end = source.indexOf('\n  }\n', begin)
  return [...source.slice(begin, end).matchAll(/\bsteps\.(\w+)\(/g)].map(([, step = '']) =>
    step.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`),
  )
}

const lowered = (name: string): string => name.charAt(0).toLowerCase() + name.slice(1)
const numbered = [...section.matchAll(/^\d+\. \*\*([\w ]+)\.\*\*/gm)].map(([, name = '']) => lowered(name))
const described = [...section.matchAll(/^- \*\*([\w ]+)\.\*\*/gm)].map(([, name = '']) => lowered(name))
const [known = [], committed = [], ...others] = [...section.matchAll(/^> (.+→.+)$/gm)].map(([, line = '']) => line.split(' → '))

test('every request goes through the steps that docs/grants.md numbers, in their order', () => {
  expect(numbered.length).toBeGreaterThan(0)
  expect(stepsOf('answer')).toEqual(numbered)
})

test('the two orders after them are those of docs/grants.md', () => {
  expect([...stepsOf('issueKnown'), ...stepsOf('endpoint')]).toEqual(known)
  expect([...stepsOf('issueCommitted'), ...stepsOf('endpoint')]).toEqual(committed)
  expect(others).toEqual([])
})

test('each step of these is described once, in the order of a plan that knows what it grants', () => {
  expect(described).toEqual(known)
})

test('the endpoint has no step that is not on the list', () => {
  const { steps = '' } =
    /export interface TokenSteps \{\n(?<steps>[\s\S]*?)\n\}/.exec(read('packages/grants/src/token-endpoint/steps.ts'))?.groups ?? {}
  const names = [...steps.matchAll(/^ {2}(\w+)\(/gm)].map(([, name = '']) => name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`))
  expect(names.sort()).toEqual([...numbered, ...known].sort())
})
