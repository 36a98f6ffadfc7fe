import { type FamilyRow, familyTable } from './family-table.js'

function changed(answer: string, change: Partial<FamilyRow>): readonly FamilyRow[] {
  return familyTable.map((row) => (row.answer === answer ? { ...row, ...change } : row))
}

/** Mistakes that an implementation could make, and the invariant that each must break. */
export const mutations: Readonly<Record<string, { readonly table: readonly FamilyRow[]; readonly breaks: string }>> = {
  'a family that expired begins anew': {
    table: changed('gone', { answer: 'rotated' }),
    breaks: 'a family that expired, ended or was lost',
  },
  'a rotation is answered and not written': {
    table: changed('rotated', { next: (family) => family }),
    breaks: 'nothing is granted twice',
  },
  'a used token rotates again': {
    table: familyTable.map((row) =>
      row.answer === 'rotated'
        ? { ...row, applies: (family, { generation }) => family !== undefined && generation >= family.generation - 1 }
        : row,
    ),
    breaks: 'no fork',
  },
  'any older token is a retry': {
    table: changed('retry', { applies: (family, { generation }) => family !== undefined && generation < family.generation }),
    breaks: 'no fork',
  },
  'a revocation is forgotten by the next rotation': {
    table: familyTable.filter(({ answer }) => answer !== 'revoked'),
    breaks: 'revoke wins',
  },
  'reuse is refused and ends nothing': {
    table: changed('reused', { next: (family) => family }),
    breaks: 'a reused token leaves no live child',
  },
  'no retry at all': {
    table: familyTable.filter(({ answer }) => answer !== 'retry'),
    breaks: 'a retry within the window never revokes',
  },
  'a retry begins the window anew': {
    table: changed('retry', { next: (family) => ({ ...family, rotatedAgo: 0 }) }),
    breaks: 'a retry is answered only within the window',
  },
  'a token beyond the store counts as reuse': {
    table: changed('ahead', { answer: 'reused', next: (family) => ({ ...family, revoked: 'reused' }) }),
    breaks: 'a token beyond the store proves a rollback',
  },
  'the binding is not looked at': {
    table: familyTable.filter(({ answer }) => answer !== 'mismatch'),
    breaks: 'the token of another client',
  },
  'another client ends the family': {
    table: changed('mismatch', { next: (family) => ({ ...family, revoked: 'reused' }) }),
    breaks: 'the token of another client',
  },
}
