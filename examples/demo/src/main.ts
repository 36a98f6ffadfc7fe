import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startApps } from './apps.js'
import { openMailbox } from './mailbox.js'
import { nerisSeed, nerisTries, playNeris, startNeris } from './neris-story.js'
import { nuanceSeed, nuanceTries, playNuance, startNuance } from './nuance-story.js'
import { play } from './play.js'
import { acts } from './scenes.js'
import { curlLines, guardTries } from './serve.js'
import { type Count, createStage } from './stage.js'
import { heading, row, stepHeading, style } from './table.js'
import { createWorld } from './world.js'

const startedAt = performance.now()
const count: Count = { rows: 0, right: 0 }
/** What has to be ended, the last first. */
const open: (() => Promise<unknown>)[] = []

async function opened<T extends { close(): Promise<unknown> }>(opening: Promise<T>): Promise<T> {
  const it = await opening
  open.push(() => it.close())
  return it
}

/** One API, two issuers, two frameworks. */
async function playGuards() {
  const world = await opened(createWorld())
  const apps = await startApps(world.createGuard)
  open.push(() => Promise.all(apps.map((app) => app.close())))
  console.log(`
${style.bold('countersign')}: one API, on Express and on Koa, that trusts two issuers

  user pool   ${world.pool.issuer}
              RS256, Cognito-like; its keys are fetched from ${world.pool.jwksUrl}
  our own     ${world.own.issuer}
              ES256; the API knows the key

${heading(apps)}`)
  for (const act of acts(world)) {
    console.log(`\n${style.bold(act.title)}`)
    for (const played of await play(act, apps)) {
      count.rows += 1
      if (played.isRight) count.right += 1
      console.log(row(played))
    }
  }
  return async () => {
    for (const app of apps) console.log(curlLines(app.name, app.url, await guardTries(world, app)))
  }
}

/** Two systems as they are, each in a process of its own. */
async function startExamples() {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-demo-'))
  open.push(() => rm(folder, { recursive: true, force: true }))
  const seedFile = async (name: string, seed: object): Promise<string> => {
    const file = join(folder, `${name}.json`)
    await writeFile(file, JSON.stringify(seed))
    return file
  }
  const mailbox = await opened(openMailbox())
  const [neris, nuance] = await Promise.all([
    opened(startNeris(await seedFile('neris', nerisSeed), mailbox)),
    opened(startNuance(await seedFile('nuance', nuanceSeed))),
  ])
  return { folder, mailbox, neris, nuance }
}

async function playExamples({ folder, mailbox, neris, nuance }: Awaited<ReturnType<typeof startExamples>>) {
  console.log(`
${style.bold('examples/neris')} at ${neris.url}: an Express API that two signers sign for, with mailed codes and integrations

${stepHeading()}`)
  const integration = await playNeris(createStage(neris, count), mailbox)
  console.log(`
${style.bold('examples/nuance')} at ${nuance.url}: an OAuth server on Koa whose clients sign with keys of their own
  a reason is from its log: the wire does not tell

${stepHeading()}`)
  const afterwards = await playNuance(createStage(nuance, count), { url: nuance.url, folder })
  return () => {
    console.log(curlLines('examples/neris', neris.url, nerisTries(neris.url, integration)))
    console.log(curlLines('examples/nuance', nuance.url, nuanceTries(nuance.url, afterwards)))
    mailbox.onMail(({ to, text }) => console.log(`\n${style.bold(`mail for ${to.join(', ')}`)}\n${text.trim()}`))
  }
}

async function playAll(): Promise<'played'> {
  const starting = startExamples()
  // Waited for below, where a failure is noticed.
  starting.catch(() => undefined)
  const guardLines = await playGuards()
  const exampleLines = await playExamples(await starting)
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
  console.log(`\n${count.right} of ${count.rows} rows are as they should be, in ${seconds} s`)
  process.exitCode = count.right === count.rows ? 0 : 1
  if (!process.argv.includes('--serve')) return 'played'
  await guardLines()
  exampleLines()
  console.log('\nAll four apps stay up, and mail is shown here. End with Ctrl-C.')
  await interrupted
  return 'played'
}

const interrupted = new Promise<'interrupted'>((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve('interrupted'))
})
const outcome = await Promise.race([playAll(), interrupted]).catch((error: unknown) => {
  console.error(error)
  return 'failed' as const
})
for (const close of open.reverse()) await close()
// What is still being played or started need not come to its end.
if (outcome !== 'played') process.exit(outcome === 'failed' ? 1 : (process.exitCode ?? 130))
