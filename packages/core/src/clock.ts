/** Gives the time in epoch milliseconds. Default everywhere: `Date.now`. */
export type Now = () => number
