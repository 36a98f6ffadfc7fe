import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { createJiti } from 'jiti'

const isTypeScript = (path: string): boolean => /\.[cm]?ts$/.test(path)

/** Whether this Node imports TypeScript by itself. */
const stripsTypes = (): boolean =>
  (process.features as { readonly typescript?: unknown }).typescript !== undefined &&
  Boolean((process.features as { readonly typescript?: unknown }).typescript)

/** Imports a file of JavaScript or TypeScript. TypeScript is read by Node where it can, else by jiti. */
export async function importModule(path: string): Promise<unknown> {
  if (!isTypeScript(path) || stripsTypes()) return import(pathToFileURL(path).href)
  return createJiti(import.meta.url, { interopDefault: false }).import(path)
}

/**
 * Imports a package that the app has installed.
 *
 * @param from - a file of the app
 */
export async function importPackage(name: string, from: string): Promise<unknown> {
  return import(pathToFileURL(createRequire(from).resolve(name)).href)
}
