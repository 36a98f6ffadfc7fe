export { type CommandContext, exitCode, type Output } from './command/context.js'
export { runCommand } from './command/program.js'
export { type ConfigGuard, type ConfigServer, type CountersignConfig, defineConfig } from './config/config.js'
