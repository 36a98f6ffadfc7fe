/** What is written for. */
export interface Choice {
  readonly framework: 'express' | 'koa'
  readonly language: 'typescript' | 'javascript'
}

const extensionOf = ({ language }: Choice): 'ts' | 'js' => (language === 'typescript' ? 'ts' : 'js')

const quoted = (name: string): string => `'${name}'`
const importing = (names: string, from: string): string => `import ${names} from ${quoted(from)}`

const config = `${importing('{ createGuard, jwks }', '@countersign/verifier')}

const resource = 'http://localhost:3000'

export const guard = createGuard({
  resource,
  issuers: {
    // For development: npm run dev serves its keys. Put your own issuer in its place.
    development: jwks({
      issuer: 'http://localhost:4000',
      url: 'http://localhost:4000/.well-known/jwks.json',
      algorithms: ['ES256'],
      audience: resource,
    }),
  },
})
`

const expressApp = `${importing('{ authOf, protect }', '@countersign/express')}
${importing('express', 'express')}
${importing('{ guard }', '../countersign.config.EXT')}

const app = express()
app.get('/me', protect(guard), (req, res) => {
  res.json({ subject: authOf(guard, req).subject })
})

const port = 3000
app.listen(port, '127.0.0.1', () => console.log(\`listening http://localhost:\${port}\`))
`

const koaApp = `${importing('{ authOf, protect }', '@countersign/koa')}
${importing('Router', '@koa/router')}
${importing('Koa', 'koa')}
${importing('{ guard }', '../countersign.config.EXT')}

const router = new Router()
router.get('/me', protect(guard), (ctx) => {
  ctx.body = { subject: authOf(guard, ctx).subject }
})

const port = 3000
const app = new Koa().use(router.routes())
app.listen(port, '127.0.0.1', () => console.log(\`listening http://localhost:\${port}\`))
`

/** The files of an example, by their paths. */
export function filesOf(choice: Choice): Readonly<Record<string, string>> {
  const extension = extensionOf(choice)
  const app = choice.framework === 'express' ? expressApp : koaApp
  // Both Node and jiti read the file by the name that it has.
  return {
    [`countersign.config.${extension}`]: config,
    [`src/app.${extension}`]: app.replace('EXT', extension),
  }
}

/** A manifest as it is read and written. */
export interface Manifest {
  readonly [member: string]: unknown
  readonly scripts?: Readonly<Record<string, string>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
}

/** Which versions of other packages the example was tested with. */
const frameworks = {
  express: { '@countersign/express': '', express: '^5.3.0' },
  koa: { '@countersign/koa': '', koa: '^3.3.0', '@koa/router': '^15.7.0' },
}

/**
 * The manifest with what the example needs. What is there already stays.
 *
 * @param version - of the packages of countersign
 */
export function manifestWith(manifest: Manifest, choice: Choice, version: string): Manifest {
  const app = `src/app.${extensionOf(choice)}`
  const ours = `^${version}`
  const needed = Object.entries({ '@countersign/verifier': '', ...frameworks[choice.framework] }).map(([name, range]) => [
    name,
    range || ours,
  ])
  return {
    private: true,
    type: 'module',
    ...manifest,
    scripts: {
      start: `node ${app}`,
      dev: `countersign dev-issuer ${app}`,
      ...manifest.scripts,
    },
    dependencies: { ...(Object.fromEntries(needed) as Record<string, string>), ...manifest.dependencies },
    devDependencies: { '@countersign/cli': ours, ...manifest.devDependencies },
  }
}
