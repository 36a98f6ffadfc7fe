import { join } from 'node:path'
import { API, type Checker, SymbolFlags, type Type, type Symbol as TypeSymbol } from 'typescript/unstable/sync'
import { packages, root } from '../structure/workspace.js'

/** How to get from one object of options into another. */
type Step = { readonly member: string } | 'item' | 'value'

/** An object of options that an exported function takes. */
export interface OptionObject {
  /** As it is imported, for instance `@countersign/verifier`. */
  readonly entryPoint: string
  readonly name: string
  /** Which parameter of the function it is in. */
  readonly parameter: number
  /** What paths begin with: the name of the parameter, where that is an array. */
  readonly start: string
  readonly steps: readonly Step[]
  readonly members: readonly OptionMember[]
}

/** One option. */
interface OptionMember {
  readonly name: string
  /** Whether strings are among its values other than fixed ones. */
  readonly isText: boolean
}

/** A value with `content` where the steps lead. */
export function valueAt(steps: readonly Step[], content: unknown): unknown {
  const [step, ...rest] = steps
  if (step === undefined) return content
  const inner = valueAt(rest, content)
  if (step === 'item') return [inner]
  return { [step === 'value' ? 'any' : step.member]: inner }
}

/** The path of an option, as a message names it. */
export function pathAt({ start, steps }: Pick<OptionObject, 'start' | 'steps'>, name: string): string {
  const path = steps.map((step) => (step === 'item' ? '[0]' : `.${step === 'value' ? 'any' : step.member}`)).join('')
  return `${start}${path}.${name}`.replace(/^\./, '')
}

/** Made by our own factories: what is in them was checked there. */
const made = ['IssuerEntry', 'Integrations', 'Client']
const depth = 6

interface Walk {
  readonly checker: Checker
  readonly found: Map<string, { readonly steps: readonly Step[]; readonly members: Map<string, boolean> }>
}

const nameOf = (type: Type): string | undefined => (type.getAliasSymbol() ?? type.getSymbol())?.name
const isCallable = (checker: Checker, type: Type): boolean => checker.getSignaturesOfType(type, 0).length > 0

function alternatives(checker: Checker, type: Type): readonly Type[] {
  if (type.isUnionType()) return type.getTypes().flatMap((one) => alternatives(checker, one))
  if (!type.isTypeParameter()) return [type]
  const constraint = checker.getBaseConstraintOfType(type)
  return constraint === undefined ? [] : alternatives(checker, constraint)
}

/** Whether a member is declared in a package of ours, and not in a library. */
const isOurs = (symbol: TypeSymbol): boolean => symbol.declarations.some(({ path }) => /\/packages\/[a-z]+\/src\//.test(path))

/** An object with methods is the host's own or another factory's: its names are free. So is one that only holds such objects. */
function isContract(checker: Checker, type: Type): boolean {
  if (made.includes(nameOf(type) ?? '')) return true
  const [picked] = type.getAliasTypeArguments()
  if (nameOf(type) === 'Pick' && picked !== undefined && isContract(checker, picked)) return true
  const members = checker.getPropertiesOfType(type)
  if (members.some(({ flags }) => (flags & SymbolFlags.Method) !== 0)) return true
  const objects = members.map((member) => alternatives(checker, checker.getTypeOfSymbol(member) as Type).filter(isObject))
  const isHeld = (one: Type): boolean => !checker.isArrayType(one) && isContract(checker, one)
  return members.length > 0 && members.every(isOurs) && objects.every((list) => list.length > 0 && list.every(isHeld))
}

const isObject = (type: Type): boolean => type.isObjectType() || type.isIntersectionType()
const isText = (checker: Checker, type: Type): boolean => alternatives(checker, type).some((one) => checker.typeToString(one) === 'string')

/** An object in which every name is free, such as a JWK. Another object in its place cannot be told from it by a name. */
const isFree = (checker: Checker, type: Type): boolean =>
  checker.getIndexInfosOfType(type).some(({ valueType }) => checker.typeToString(valueType) === 'unknown')

function walk(context: Walk, of: Type, steps: readonly Step[]): void {
  const { checker } = context
  const types = alternatives(checker, of)
  const isAnyFree = types.some((type) => isFree(checker, type))
  for (const type of types) {
    if (!isObject(type) || isCallable(checker, type) || steps.length > depth) continue
    if (checker.isArrayType(type) || checker.isTupleType(type)) {
      const [item] = type.isTypeReference() ? checker.getTypeArguments(type) : []
      if (item !== undefined) walk(context, item, [...steps, 'item'])
    } else if (!isAnyFree) walkObject(context, type, steps)
  }
}

/** The values of a record. One whose names are a type parameter has no index signature: its alias tells. */
function recordValues(checker: Checker, type: Type): readonly Type[] {
  const [first, second] = type.getAliasTypeArguments()
  const alias = type.getAliasSymbol()?.name
  if (alias === 'Readonly' && first !== undefined) return recordValues(checker, first)
  if (alias === 'Record' && second !== undefined) return [second]
  return checker.getIndexInfosOfType(type).map(({ valueType }) => valueType)
}

function walkObject(context: Walk, type: Type, steps: readonly Step[]): void {
  const { checker, found } = context
  const members = checker.getPropertiesOfType(type).filter(({ name }) => !name.startsWith('__@'))
  if (members.length === 0) for (const value of recordValues(checker, type)) walk(context, value, [...steps, 'value'])
  if (members.length === 0 || !members.every(isOurs) || isContract(checker, type)) return
  const key = JSON.stringify(steps)
  const known = found.get(key)?.members ?? new Map<string, boolean>()
  found.set(key, { steps, members: known })
  for (const member of members) {
    const inner = checker.getTypeOfSymbol(member) as Type
    if (checker.typeToString(inner) === 'undefined') continue
    known.set(member.name, (known.get(member.name) ?? false) || isText(checker, inner))
    walk(context, inner, [...steps, { member: member.name }])
  }
}

function functionsOf(checker: Checker, module: TypeSymbol): readonly { readonly name: string; readonly type: Type }[] {
  return checker.getExportsOfModule(module).flatMap((exported) => {
    const symbol = (exported.flags & SymbolFlags.Alias) !== 0 ? checker.getAliasedSymbol(exported) : exported
    if ((symbol.flags & (SymbolFlags.Function | SymbolFlags.Variable)) === 0) return []
    const type = checker.getTypeOfSymbol(symbol)
    return type === undefined || !isCallable(checker, type) ? [] : [{ name: exported.name, type }]
  })
}

/** Every object of options that an exported function of a package takes, as its types say. */
export function optionObjects(): readonly OptionObject[] {
  const api = new API({ cwd: root })
  try {
    const project = api.updateSnapshot({ openProjects: [join(root, 'test/tsconfig.json')] }).getProjects()[0]
    if (project === undefined) throw new Error('the compiler opened no project')
    const { checker, program } = project
    return packages.flatMap(({ folder, manifest }) =>
      Object.entries(manifest.exports ?? {}).flatMap(([subpath, conditions]) => {
        const file = program.getSourceFile(join(root, folder, conditions['@countersign/source'] ?? ''))
        const module = file && checker.getSymbolAtLocation(file)
        if (module === undefined) throw new Error(`${folder} has no ${subpath} in the project of the tests`)
        return functionsOf(checker, module).flatMap(({ name, type }) =>
          checker.getSignaturesOfType(type, 0).flatMap((signature) =>
            signature.getParameters().flatMap((symbol, parameter) => {
              const found: Walk['found'] = new Map()
              walk({ checker, found }, checker.getTypeOfSymbol(symbol) as Type, [])
              const entryPoint = `${manifest.name}${subpath.slice(1)}`
              return [...found.values()].map(({ steps, members }) => ({
                entryPoint,
                name,
                parameter,
                start: steps[0] === 'item' ? symbol.name : '',
                steps,
                members: [...members].map(([member, isTextual]) => ({ name: member, isText: isTextual })),
              }))
            }),
          ),
        )
      }),
    )
  } finally {
    api.close()
  }
}
