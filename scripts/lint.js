import { build, passes, staticChecks } from './check.js'

let failed = 0
for (const check of [build, ...staticChecks]) {
  if (!(await passes(check))) failed += 1
}
process.exitCode = failed === 0 ? 0 : 1
