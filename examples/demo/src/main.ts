import { once } from 'node:events'
import { startApps } from './apps.js'
import { play } from './play.js'
import { acts } from './scenes.js'
import { curlLines } from './serve.js'
import { heading, row, style } from './table.js'
import { createWorld } from './world.js'

const startedAt = performance.now()
const world = await createWorld()
const apps = await startApps(world.createGuard)

console.log(`
${style.bold('countersign')}: one API, on Express and on Koa, that trusts two issuers

  user pool   ${world.pool.issuer}
              RS256, Cognito-like; its keys are fetched from ${world.pool.jwksUrl}
  our own     ${world.own.issuer}
              ES256; the API knows the key

${heading(apps)}`)

const count = { rows: 0, right: 0 }
for (const act of acts(world)) {
  console.log(`\n${style.bold(act.title)}`)
  for (const played of await play(act, apps)) {
    count.rows += 1
    if (played.isRight) count.right += 1
    console.log(row(played))
  }
}
const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
console.log(
  `\n${count.right} of ${count.rows} rows are as they should be, on ${apps.map(({ name }) => name).join(' and ')}, in ${seconds} s`,
)
process.exitCode = count.right === count.rows ? 0 : 1

if (process.argv.includes('--serve')) {
  console.log(await curlLines(world, apps))
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
}
await Promise.all([...apps.map((app) => app.close()), world.close()])
