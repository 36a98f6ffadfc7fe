#!/usr/bin/env node
import { text } from 'node:stream/consumers'
import { wallClock } from '@countersign/core'
import { runCommand } from './command/program.js'
import { importModule, importPackage } from './config/import-module.js'

const code = await runCommand({
  args: process.argv.slice(2),
  folder: process.cwd(),
  environment: process.env,
  readInput: () => text(process.stdin),
  isInteractive: process.stdin.isTTY === true,
  output: process.stdout,
  errors: process.stderr,
  importModule,
  importPackage,
  onWarning(listener) {
    process.on('warning', listener)
    return () => void process.off('warning', listener)
  },
  now: wallClock,
})

// The config may hold connections open that it does not end. What was written must leave first.
const written = (stream: NodeJS.WriteStream): Promise<void> => new Promise((resolve) => void stream.write('', () => resolve()))
await Promise.all([written(process.stdout), written(process.stderr)])
process.exit(code)
