/** The cause of an answer that is missing although nothing failed: the source was not asked, because the verdict does not count. */
export class NotAsked extends Error {}
