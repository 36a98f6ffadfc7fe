import { guardPages } from './guard-pages.js'
import { otherPages } from './other-pages.js'
import { serverPages } from './server-pages.js'
import { tokenPages } from './token-pages.js'
import type { Uses } from './use.js'

/** What is done with the exports of each page, and with the programs that listen. */
export const uses: Readonly<Record<string, Uses>> = { ...guardPages, ...otherPages, ...serverPages, ...tokenPages }
