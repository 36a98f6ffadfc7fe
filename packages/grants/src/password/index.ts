export type { Continuation } from './continuation.js'
export type { GuessLimits } from './guess-limits.js'
export { type HostUser, type HostUsersOptions, hostUsers, type PasswordVerdict } from './host-users.js'
export { type PasswordGrantOptions, passwordGrants } from './password-grants.js'
