const { env } = process

/** Whose tokens the API accepts. */
export const issuer: string = env.ISSUER ?? 'https://login.example'
export const jwksUri: string = env.JWKS_URI ?? 'https://login.example/.well-known/jwks.json'
export const audience = 'https://api.example'

/** `old`, `shadow` or `new`. */
export const step: string = env.STEP ?? 'new'
