import { readFileSync, writeFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { Application } from 'typedoc'
import { writePage } from './gather.js'
import { gathered, packageFolders, read, root } from './pages.js'

/** What users import, with the source file behind it. */
const entries = packageFolders.flatMap((folder) => {
  const { name, exports } = JSON.parse(read(`packages/${folder}/package.json`))
  return Object.entries(exports).map(([path, conditions]) => ({
    name: `${name}${path.slice(1)}`,
    file: join(root, 'packages', folder, conditions['@countersign/source']),
    /** As TypeDoc calls the module. */
    module: posix.join(folder, conditions['@countersign/source'].replace(/(\/index)?\.ts$/, '')),
  }))
})

/** Addresses of the pages of the reference, by what is imported. */
export const referencePages = entries.map(({ name }) => ({
  name,
  address: `api/${name.replace('@countersign/', '').replaceAll('/', '-')}`,
}))

/** A page with the name that users import. Rows of tables have no anchors: a link to one leads to the page. @param {string} text @param {string} name */
const withTitle = (text, name) =>
  text
    .replace(/^# .+$/m, `# ${name}`)
    .replaceAll(/\[((?:`[^`]*`|[^\]`])*)\]\(#property-[^)]*\)/g, '$1')
    .replaceAll(/(\]\([\w-]+\.md)#property-[^)]*\)/g, '$1)')

/** Writes the reference of the API: one page for each entry of a package. */
export async function writeReference() {
  const app = await Application.bootstrapWithPlugins({
    plugin: ['typedoc-plugin-markdown'],
    entryPoints: entries.map(({ file }) => file),
    tsconfig: join(root, 'docs-site/tsconfig.json'),
    skipErrorChecking: true,
    excludeInternal: true,
    excludePrivate: true,
    outputs: [{ name: 'markdown', path: join(gathered, 'api') }],
    readme: 'none',
    disableSources: true,
    logLevel: 'Error',
    router: 'module',
    hidePageHeader: true,
    hideBreadcrumbs: true,
    entryFileName: 'index',
    parametersFormat: 'table',
    interfacePropertiesFormat: 'table',
    typeAliasPropertiesFormat: 'table',
    formatWithPrettier: false,
    validation: false,
  })
  const project = await app.convert()
  if (project === undefined) throw new Error('the reference of the API could not be read')
  for (const module of project.children ?? []) {
    const entry = entries.find((one) => one.module === module.name)
    if (entry === undefined) throw new Error(`no entry of a package is ${module.name}`)
    module.name = referencePages.find(({ name }) => name === entry.name).address.replace('api/', '')
  }
  await app.generateOutputs(project)
  for (const { name, address } of referencePages) {
    const path = join(gathered, `${address}.md`)
    writeFileSync(path, withTitle(readFileSync(path, 'utf8'), name))
  }
  writePage('api/index', `# API\n\n${referencePages.map(({ name, address }) => `- [${name}](/${address}.md)\n`).join('')}`)
}
