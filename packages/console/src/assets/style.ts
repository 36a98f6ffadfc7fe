const light = `
--page: #f6f7f9; --card: #ffffff; --text: #1a1d23; --quiet: #586070; --line: #d9dde5; --accent: #1d4ed8; --on-accent: #ffffff;
--good: #0f6b3a; --good-back: #e3f5ea; --warn: #7a4b00; --warn-back: #fdf1d6; --bad: #b01722; --bad-back: #fdeaea; --plain-back: #eceff4;
--seg-staged: #6d5bd0; --seg-active: #0f8a4b; --seg-retiring: #b87400; --shadow: 0 1px 2px rgb(20 25 40 / 8%);`

const dark = `
--page: #0f1218; --card: #181c25; --text: #e8ebf1; --quiet: #a3acbd; --line: #303746; --accent: #8fb3ff; --on-accent: #0b1530;
--good: #7fdca6; --good-back: #11301f; --warn: #f2c66d; --warn-back: #352808; --bad: #ff9a9a; --bad-back: #3d1618; --plain-back: #262c39;
--seg-staged: #a497ff; --seg-active: #4fcf8b; --seg-retiring: #e0a53a; --shadow: none;`

const frame = `
* { box-sizing: border-box; }
html { color-scheme: light dark; -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--page); color: var(--text); font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
a { color: var(--accent); }
.skip { position: absolute; left: -999px; }
.skip:focus { left: 1rem; top: .5rem; background: var(--card); padding: .5rem 1rem; z-index: 2; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 4px; }
.top { background: var(--card); border-bottom: 1px solid var(--line); }
.top > div { max-width: 72rem; margin: auto; padding: .75rem 1rem; display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; align-items: center; }
.brand { font-weight: 650; color: var(--text); text-decoration: none; }
.top nav { flex: 1 1 auto; }
.top ul { display: flex; flex-wrap: wrap; gap: .25rem; margin: 0; padding: 0; list-style: none; }
.top li a { display: block; padding: .35rem .65rem; border-radius: 6px; color: var(--text); text-decoration: none; }
.top li a:hover { background: var(--plain-back); }
.top li a[aria-current] { background: var(--plain-back); font-weight: 600; }
.who { color: var(--quiet); font-size: .875rem; overflow-wrap: anywhere; }
main { max-width: 72rem; margin: auto; padding: 1.25rem 1rem 4rem; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: .25rem 0 1rem; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 0 0 .75rem; overflow-wrap: anywhere; }
.trail { font-size: .875rem; color: var(--quiet); overflow-wrap: anywhere; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 1rem 1.15rem; margin: 0 0 1rem; box-shadow: var(--shadow); }
.cards { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 20rem), 1fr)); }
.cards > .card { margin: 0; }
.cards { margin-bottom: 1rem; }
.quiet { color: var(--quiet); }
.notice { border-left: 4px solid var(--good); background: var(--good-back); padding: .65rem 1rem; border-radius: 6px; margin: 0 0 1rem; }
.notice.bad { border-color: var(--bad); background: var(--bad-back); }
.notice.warn { border-color: var(--warn); background: var(--warn-back); }`

const parts = `
.name { overflow-wrap: anywhere; }
.id, .mono { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; font-size: .875em; }
.id { user-select: all; overflow-wrap: anywhere; color: var(--quiet); }
.badge { display: inline-block; border-radius: 999px; padding: .05rem .6rem; font-size: .8125rem; font-weight: 600; background: var(--plain-back); white-space: nowrap; }
.badge.good { color: var(--good); background: var(--good-back); }
.badge.good::before { content: "✓ " / ""; }
.badge.warn { color: var(--warn); background: var(--warn-back); }
.badge.warn::before { content: "! " / ""; }
.badge.bad { color: var(--bad); background: var(--bad-back); }
.badge.bad::before { content: "✕ " / ""; }
.facts { margin: 0; display: grid; gap: .6rem 1.5rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 14rem), 1fr)); }
.facts dt { color: var(--quiet); font-size: .8125rem; }
.facts dd { margin: 0; overflow-wrap: anywhere; }
.rows { list-style: none; margin: 0; padding: 0; }
.rows > li { border-top: 1px solid var(--line); padding: .75rem 0; display: flex; flex-wrap: wrap; gap: .25rem 1rem; justify-content: space-between; align-items: baseline; }
.rows > li:first-child { border-top: 0; padding-top: 0; }
.rows > li:last-child { padding-bottom: 0; }
.rows .what { flex: 1 1 18rem; min-width: 0; }
.rows .what a, .rows .title { font-weight: 600; }
.rows .more { color: var(--quiet); font-size: .875rem; }
.empty { text-align: center; padding: 1.5rem 1rem; color: var(--quiet); }
.empty p { margin: .25rem auto; max-width: 40rem; }
.empty-title { color: var(--text); font-weight: 600; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .9375rem; }
th, td { text-align: left; padding: .5rem .75rem .5rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th { color: var(--quiet); font-size: .8125rem; font-weight: 600; white-space: nowrap; }
td time { white-space: nowrap; }
tr:last-child td { border-bottom: 0; }
.pager { display: flex; flex-wrap: wrap; gap: .75rem; align-items: center; justify-content: space-between; margin-top: 1rem; color: var(--quiet); }
.chart { width: 100%; height: auto; display: block; }
.chart.minutes { height: 9rem; }
.chart.wide { min-width: 40rem; }
.chart text { fill: var(--text); font: 12px system-ui, sans-serif; }
.chart .axis { stroke: var(--line); } .chart .now { stroke: var(--bad); stroke-width: 1.5; stroke-dasharray: 4 3; }
.chart .scale { fill: var(--quiet); }
.chart .staged { fill: var(--seg-staged); } .chart .active { fill: var(--seg-active); } .chart .retiring { fill: var(--seg-retiring); }
.chart .bar { fill: var(--accent); } .chart .bad { fill: var(--bad); }
.legend { display: flex; flex-wrap: wrap; gap: .25rem 1rem; font-size: .875rem; color: var(--quiet); margin: .5rem 0 0; padding: 0; list-style: none; }
.legend .swatch { display: inline-block; width: .8rem; height: .8rem; border-radius: 3px; margin-right: .35rem; vertical-align: -.05rem; }
.swatch.accepted { background: var(--accent); } .swatch.refused { background: var(--bad); }
.swatch.staged { background: var(--seg-staged); } .swatch.active { background: var(--seg-active); } .swatch.retiring { background: var(--seg-retiring); }
.chips { list-style: none; margin: 0; padding: 0; display: grid; gap: .35rem 1.5rem; grid-template-columns: repeat(auto-fill, minmax(min(100%, 13rem), 1fr)); }
.chips li { display: flex; justify-content: space-between; gap: .5rem; align-items: baseline; }
.scale-ends { display: flex; justify-content: space-between; color: var(--quiet); font-size: .8125rem; margin: .15rem 0 0; }
.figure { font-size: 1.9rem; font-weight: 650; line-height: 1.2; font-variant-numeric: tabular-nums; }
pre { overflow-x: auto; background: var(--plain-back); padding: .75rem; border-radius: 8px; font-size: .8125rem; margin: 0; }`

const formParts = `
.field { margin: 0 0 .9rem; display: flex; flex-direction: column; gap: .25rem; max-width: 38rem; }
.field label { font-weight: 600; }
.field label .quiet { font-weight: 400; }
input, select, textarea { font: inherit; color: inherit; background: var(--card); border: 1px solid var(--quiet); border-radius: 6px; padding: .5rem .6rem; width: 100%; min-width: 0; min-height: 2.5rem; }
.mono { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
[aria-invalid] { border-color: var(--bad); border-width: 2px; }
.hint { color: var(--quiet); font-size: .875rem; overflow-wrap: anywhere; }
.phrase { color: var(--text); user-select: all; overflow-wrap: anywhere; }
.problem { color: var(--bad); font-weight: 600; overflow-wrap: anywhere; }
.button { font: inherit; font-weight: 600; display: inline-block; padding: .45rem .9rem; border-radius: 6px; border: 1px solid var(--quiet); background: var(--card); color: var(--text); text-decoration: none; cursor: pointer; }
.button[hidden] { display: none; }
.button:hover { border-color: var(--accent); }
.button.primary { background: var(--accent); border-color: var(--accent); color: var(--on-accent); }
.button.danger { background: var(--card); border-color: var(--bad); color: var(--bad); }
form > p:last-child { margin-bottom: 0; }
.search { display: flex; flex-wrap: wrap; gap: .5rem; align-items: end; margin: 0 0 1rem; }
.search label { display: flex; flex-direction: column; gap: .25rem; font-size: .875rem; color: var(--quiet); flex: 1 1 10rem; max-width: 24rem; }
.fold { border-top: 1px solid var(--line); padding-top: .65rem; margin-top: .75rem; }
.card > .fold:first-child { border: 0; padding: 0; margin: 0; }
h2 + .fold { border: 0; margin-top: 0; padding-top: 0; }
.fold > summary { cursor: pointer; font-weight: 600; }
.fold > div { padding-top: .75rem; }
.danger-fold > summary { color: var(--bad); }
.rows .fold { flex-basis: 100%; border: 0; padding: 0; margin: .25rem 0 0; }
.secret label { font-weight: 600; display: block; margin-bottom: .25rem; }
.copy { display: flex; gap: .5rem; }
@media (max-width: 30rem) { .top > div { padding: .6rem .75rem; } main { padding: 1rem .75rem 3rem; } .copy { flex-wrap: wrap; } .card { padding: .9rem; } }
@media (prefers-reduced-motion: no-preference) { .button { transition: border-color .15s; } }`

/** The style sheet of all pages, light and dark. */
export const style: string = `:root {${light}
}
@media (prefers-color-scheme: dark) { :root {${dark}
} }${frame}${parts}${formParts}
`
