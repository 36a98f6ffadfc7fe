/** Department, vendor, fire marshal, federal agency. */
export const entityId: RegExp = /^(FD|VN|FM|FA)\d{8}$/

/** What integrations are for. */
export const integrationTypes = ['CAD', 'RMS', 'RO', 'S123'] as const
