import { createConsole as createConsoleOf } from '@countersign/console'
import { memoryStores } from '@countersign/core/memory'
import { itTells, loose, secretOf } from './mistake.js'

const createConsole = loose(createConsoleOf)
const { replay } = memoryStores()
const options = { parts: { replay }, operator: () => undefined, secrets: { current: { id: '1', secret: secretOf(32) } } }

itTells([
  ['no replay store', () => createConsole({ ...options, parts: {} }), 'createConsole: server or parts.replay must be given, got undefined'],
  [
    'integrations that are something else',
    () => createConsole({ ...options, parts: { replay, integrations: { list: () => undefined } } }),
    'createConsole: parts.integrations must be integrations, for instance what createIntegrations returns, got an object',
  ],
  [
    'nobody who tells who is signed in',
    () => createConsole({ ...options, operator: 'ada' }),
    'createConsole: operator must be a function, got a string of 3 characters',
  ],
  [
    'a short secret',
    () => createConsole({ ...options, secrets: { current: { id: '1', secret: secretOf(9) } } }),
    'createConsole: secrets.current.secret must be a string or bytes, 32 bytes or more, got a string of 9 characters',
  ],
  [
    'a path with a slash at its end',
    () => createConsole({ ...options, basePath: '/console/' }),
    'createConsole: basePath must be a path such as "/console": it begins with a slash, and does not end with one, got a string of 9 characters',
  ],
  [
    'an origin with a path',
    () => createConsole({ ...options, origin: 'https://api.example/console' }),
    'createConsole: origin must be an origin such as "https://api.example", got a string of 27 characters',
  ],
])
