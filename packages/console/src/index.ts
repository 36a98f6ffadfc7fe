export { type Console, createConsole } from './console.js'
export type { ConsoleOptions } from './options.js'
export type {
  Actor,
  ConsoleIntegrations,
  ConsoleParts,
  ConsoleServer,
  Done,
  ListPage,
  ShownCredential,
  ShownEnrollment,
  ShownIntegration,
  ShownSecret,
} from './screen/parts.js'
export type {
  ConsoleClients,
  ConsoleKeys,
  ConsoleReady,
  ConsoleRevocations,
  KeyStep,
  NewClient,
  ShownClient,
  ShownClientKey,
  ShownSigningKey,
} from './screen/server-parts.js'
export type { ConsoleOperator, ConsoleOwner, ConsoleUser } from './screen/user.js'
