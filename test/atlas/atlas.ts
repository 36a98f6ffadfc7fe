import { appleAndSalesforce } from './apple-and-salesforce.js'
import type { AtlasRow } from './atlas-row.js'
import { awsAndGoogle } from './aws-and-google.js'
import { entra } from './entra.js'
import { identityProviders } from './identity-providers.js'
import { servers } from './servers.js'
import { workloads } from './workloads.js'

/** Every shape of token that is known to be sent, and the entry that accepts it. */
export const atlas: readonly AtlasRow[] = [...entra, ...awsAndGoogle, ...identityProviders, ...appleAndSalesforce, ...servers, ...workloads]
