export { createConsole } from './console.js'
export type { ConsoleOptions } from './options.js'
export type {
  Actor,
  ConsoleIntegrations,
  ConsoleParts,
  Done,
  ListPage,
  ShownCredential,
  ShownEnrollment,
  ShownIntegration,
  ShownSecret,
} from './screen/parts.js'
export type { ConsoleOperator, ConsoleOwner, ConsoleUser } from './screen/user.js'
