import { isRefusal, type Refusal, refuse } from '@countersign/core'
import { protect } from '@countersign/express'
import { createGuard, oidc } from '@countersign/verifier'

import express = require('express')

const issuers = { login: oidc({ issuer: 'https://login.example', audience: 'https://api.example', algorithms: ['RS256'] }) }
const refusal: Refusal = refuse('forbidden')
express().use(protect(createGuard({ issuers }), () => (isRefusal(refusal) ? refusal : undefined)))
