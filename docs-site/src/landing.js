import { measuredBy, ratioOf } from './figures.js'
import { writePage } from './gather.js'
import { pageOf, read } from './pages.js'

/** The first program of the README: the same text, which the tests compile and run. */
function fiveMinutes() {
  const [, part = ''] = read('README.md').split(/^## Five minutes.*$/m)
  const [, code = ''] = /^```ts\n([\s\S]*?)^```$/m.exec(part) ?? []
  if (code === '') throw new Error('README.md has no program under "Five minutes"')
  return code
}

/** What is compared; `–` means: not measured for this library. */
const measured = [
  [
    'A token seen for the first time, of 1 for the signature check alone',
    'verify-cold',
    { ours: 'countersign', jose: 'jose', aws: 'aws-jwt-verify' },
  ],
  [
    'Requests that an Express app keeps, of 1 without a guard',
    'guard-express',
    { ours: 'countersign cached', jose: 'jose', aws: 'aws-jwt-verify', oauth2: 'express-oauth2-jwt-bearer' },
  ],
  ['The same on Koa', 'guard-koa', { ours: 'countersign cached', jose: 'jose', aws: 'aws-jwt-verify', koa: 'koa-jwt, jwks-rsa' }],
]

const columns = ['ours', 'jose', 'aws', 'oauth2', 'koa']
const row = (cells) => `| ${cells.join(' | ')} |\n`

function comparison() {
  const rows = measured.map(([label, bench, subjects]) =>
    row([label, ...columns.map((column) => (subjects[column] === undefined ? '–' : ratioOf(bench, subjects[column])))]),
  )
  return (
    row(['', '**countersign**', 'jose', 'aws-jwt-verify', 'express-oauth2-jwt-bearer', 'koa-jwt, jwks-rsa']) +
    row(['---', '---', '---', '---', '---', '---']) +
    row(['A guard for Express and for Koa', 'both', 'none', 'none', 'Express', 'Koa']) +
    row(['Revoked tokens are refused, also in a cache', 'yes', 'your code', 'your code', 'your code', 'your code']) +
    row(['Issues tokens itself', 'yes', 'signs them', 'no', 'no', 'no']) +
    rows.join('')
  )
}

/** Writes the first page: the guard, how it compares, and the console, in one screen. */
export function writeLanding() {
  const consolePage = pageOf('docs/console.md') ?? pageOf('packages/console')
  const actions = [
    ['brand', 'First steps', '/start'],
    ['alt', 'A server in your API', `/${pageOf('packages/countersign')}`],
    ...(consolePage === undefined ? [] : [['alt', 'The console', `/${consolePage}`]]),
  ]
  const hero = {
    name: 'countersign',
    text: 'Several issuers, one guard',
    tagline: 'Middleware for existing Express and Koa APIs. An outage is never "unauthorised", and never "ok".',
    actions: actions.map(([theme, text, link]) => ({ theme, text, link })),
  }
  const { command, date, node } = measuredBy
  const consoleText =
    consolePage === undefined
      ? ''
      : `::: info The console\nIntegrations, secrets and enrollments on a page of your own API, mounted like every route: [the console](/${consolePage}.md).\n:::\n\n`
  writePage(
    'index',
    `---\nlayout: home\nhero: ${JSON.stringify(hero)}\n---\n\n` +
      `::: info Five minutes: a guarded route\n\`\`\`sh\nnpm install @countersign/verifier @countersign/express express\n\`\`\`\n\n\`\`\`ts\n${fiveMinutes()}\`\`\`\n:::\n\n` +
      `::: info How it compares\n${comparison()}\nMeasured by \`${command}\` on ${date}, Node ${node.replace('v', '')}, RS256. More is better. [What the figures mean](/performance.md).\n:::\n\n` +
      consoleText,
  )
}
