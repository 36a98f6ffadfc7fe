import { type Html, html } from './html.js'

/** What stands around each page. */
export interface Frame {
  readonly title: string
  readonly name: string
  readonly style: string
  readonly script: string
  readonly home: string
  readonly who?: string | undefined
  readonly signOutUrl?: string | undefined
  readonly nav: readonly { readonly label: string; readonly href: string; readonly isCurrent: boolean }[]
  readonly trail: readonly { readonly label: string; readonly href: string }[]
  readonly notice?: { readonly kind: 'good' | 'bad'; readonly text: string } | undefined
}

/** A whole page. */
export function layout(frame: Frame, body: Html): Html {
  const { title, name, style, script, home, who, signOutUrl, nav, trail, notice } = frame
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex"><title>${title} · ${name}</title>
<link rel="stylesheet" href="${style}"><script src="${script}" defer></script></head>
<body><a class="skip" href="#main">To the content</a>
<header class="top"><div><a class="brand" href="${home}">${name}</a>
${nav.length > 0 && html`<nav aria-label="Pages"><ul>${nav.map(({ label, href, isCurrent }) => html`<li><a href="${href}"${isCurrent && html` aria-current="page"`}>${label}</a></li>`)}</ul></nav>`}
${who !== undefined && html`<span class="who"><bdi>${who}</bdi></span>`}
${signOutUrl !== undefined && html`<form method="post" action="${signOutUrl}"><button class="button">Sign out</button></form>`}</div></header>
<main id="main" tabindex="-1">
${trail.length > 0 && html`<nav class="trail" aria-label="Above this page">${trail.map(({ label, href }) => html`<a href="${href}"><bdi>${label}</bdi></a> / `)}</nav>`}
<h1><bdi>${title}</bdi></h1>
${notice && html`<div class="notice ${notice.kind}" role="${notice.kind === 'bad' ? 'alert' : 'status'}" tabindex="-1" data-notice><p>${notice.text}</p></div>`}
${body}</main></body></html>`
}
