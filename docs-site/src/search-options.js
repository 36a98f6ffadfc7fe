/**
 * How the search box asks the index. Browsers get the text of the function: it must not use anything outside of itself. Pages for
 * contributors and the reference stand behind guides.
 */
export const searchOptions = {
  fuzzy: 0.1,
  prefix: true,
  boost: { title: 4, text: 1, titles: 3 },
  /** @param {string} id */
  boostDocument: (id) =>
    id.includes('/api/') ? 0.2 : /\/(contributing|jose-differences|architecture|performance|releasing)\./.test(id) ? 0.5 : 1,
}
