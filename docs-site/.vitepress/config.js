import { gathered, pages, sections, version } from '../src/pages.js'
import { referencePages } from '../src/reference.js'
import { searchOptions } from '../src/search-options.js'

const isRecord = ({ address }) => address.startsWith('decisions/')
const linkTo = ({ title, address }) => ({ text: title, link: `/${address}` })

const sidebar = sections.map((section) => ({
  text: section,
  collapsed: section === 'Reference',
  items: [
    ...pages.filter((page) => page.section === section && !isRecord(page)).map(linkTo),
    ...(section === 'Reference'
      ? [
          { text: 'Decisions', link: '/decisions/' },
          {
            text: 'API',
            link: '/api/',
            collapsed: true,
            items: referencePages.map(({ name, address }) => linkTo({ title: name, address })),
          },
        ]
      : []),
  ],
}))

/** The anchors that a forge makes of headings: links of the documents name them. */
const slugify = (heading) =>
  heading
    .toLowerCase()
    .replace(/[^\p{Letter}\p{Number} _-]/gu, '')
    .trim()
    .replaceAll(' ', '-')

/** What people want when they read one of the first pages. */
const first = (section) => `/${pages.find((page) => page.section === section)?.address}`

export default {
  title: 'countersign',
  description: 'Middleware that lets an Express or Koa API trust several token issuers at once, and be an issuer itself.',
  lang: 'en',
  base: process.env.SITE_BASE ?? '/',
  srcDir: gathered,
  outDir: 'dist',
  cacheDir: '.cache/vitepress',
  cleanUrls: false,
  // A link that leads nowhere ends the build. Files that are served as they are have a check of their own, in src/check.js.
  ignoreDeadLinks: [/^\/files\//, /^https?:\/\/localhost/],
  markdown: { html: false, anchor: { slugify }, toc: { slugify }, headers: { slugify } },
  // The whole reference of a package is one page.
  vite: { build: { chunkSizeWarningLimit: 5_000 }, logLevel: 'warn' },
  themeConfig: {
    nav: [
      ...sections.map((section) => ({ text: section, link: first(section) })),
      { text: version === '0.0.0' ? 'Not released yet' : `Version ${version}`, link: '/releasing' },
    ],
    sidebar,
    outline: [2, 3],
    search: { provider: 'local', options: { miniSearch: { searchOptions } } },
    docFooter: { prev: 'Before', next: 'Next' },
    footer: { message: `These pages are about ${version === '0.0.0' ? 'the version before the first release' : `version ${version}`}.` },
  },
}
