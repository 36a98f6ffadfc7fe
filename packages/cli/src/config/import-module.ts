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
  return createJiti(import.meta.url).import(path)
}
