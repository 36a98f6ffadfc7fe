export type { CognitoClaims } from './access-claims.js'
export type { CognitoChallengeType } from './challenge-names.js'
export { type Cognito, createCognito } from './cognito.js'
export type { CognitoClient, CognitoOptions, CognitoSignIn } from './cognito-options.js'
