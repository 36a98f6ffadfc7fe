import type { MountAdapter } from '@countersign/testkit'
import express from 'express'
import express4 from 'express4'
import Koa from 'koa'
import Koa2 from 'koa2'
import { type ExpressModule, expressAdapter } from './express-adapter.js'
import { koaAdapter } from './koa-adapter.js'

/** Every framework version that is promised. The adapters are typed for the newest; test/types mounts on the types of the old ones. */
export const adapters: readonly MountAdapter[] = [
  expressAdapter('express 5', express),
  expressAdapter('express 4', express4 as unknown as ExpressModule),
  koaAdapter('koa 3', () => new Koa()),
  koaAdapter('koa 2', () => new Koa2() as unknown as Koa),
]
