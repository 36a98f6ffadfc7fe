import { createHash } from 'node:crypto'
import type { RouteTable } from '@countersign/core'
import { script } from './script.js'
import { style } from './style.js'

/** Where the pages find what they load, and the routes that serve it. */
export interface Assets {
  readonly style: string
  readonly script: string
  readonly routes: RouteTable
}

/** The paths name the contents: a browser keeps them for ever, and a new release has new ones. */
export function assetsAt(basePath: string): Assets {
  const asset = (name: string, type: string, body: string) => {
    const digest = createHash('sha256').update(body).digest('base64url').slice(0, 12)
    const headers = {
      'content-type': `${type}; charset=utf-8`,
      'cache-control': 'public, max-age=31536000, immutable',
      'x-content-type-options': 'nosniff',
      'cross-origin-resource-policy': 'same-origin',
    }
    return { method: 'GET', path: `${basePath}/assets/${digest}.${name}`, endpoint: async () => ({ status: 200, headers, body }) } as const
  }
  const routes = [asset('css', 'text/css', style), asset('js', 'text/javascript', script)] as const
  return { style: routes[0].path, script: routes[1].path, routes }
}
