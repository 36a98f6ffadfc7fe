import { authOf, protect } from '@countersign/express'
import { createGuard, type IssuerEntry, requireScopes } from '@countersign/verifier'
import express, { type Express } from 'express'

/** Stands for your app: whom it trusts is a setting. */
export function createApp(partner: IssuerEntry): Express {
  const guard = createGuard({ issuers: { partner } })
  return express().get('/jobs', protect(guard, requireScopes('jobs:read')), (req, res) => {
    res.json({ jobsFor: authOf(guard, req).clientId })
  })
}
