import express from 'express'

export { authOf, protect, requireScopes, routes } from '@countersign/express'
export { createAuthorizationServer, memoryStores } from 'countersign'
export const app = express()
