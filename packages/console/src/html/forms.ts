import { type Content, type Html, html } from './html.js'

/** What was wrong with a form that was sent, and what was in it. */
export interface Problem {
  /** The path that the form was sent to. */
  readonly action: string
  readonly message: string
  /** The name of the field that is wrong, where it is one. */
  readonly field?: string | undefined
  readonly values: (name: string) => string | undefined
}

/** A field of a form. */
export interface Field {
  readonly name: string
  readonly label: string
  readonly hint?: Content
  readonly isRequired?: boolean
  readonly value?: string | undefined
  /** One of several. */
  readonly choices?: readonly (string | readonly [value: string, label: string])[]
  /** Several lines. */
  readonly lines?: number
  readonly maxLength?: number
  readonly autocomplete?: string
  readonly isMono?: boolean
}

/** A form that changes something. */
export interface FormOptions {
  /** The path that it is sent to. */
  readonly action: string
  /** Its token against forgery, and what it is about. */
  readonly hidden: Readonly<Record<string, string | undefined>>
  readonly fields?: readonly Field[]
  readonly button: string
  readonly isDangerous?: boolean
  readonly problem: Problem | undefined
  /** What has to be typed before it is done. */
  readonly phrase?: string | undefined
}

function inputOf(field: Field, id: string, described: Html, value: string): Html {
  const { name, choices, lines, isRequired = false, maxLength, autocomplete = 'off', isMono = false } = field
  const required = isRequired && html` required`
  if (choices !== undefined) {
    const options = choices.map((choice) => (typeof choice === 'string' ? ([choice, choice] as const) : choice))
    return html`<select id="${id}" name="${name}"${required}${described}>${options.map(
      ([one, label]) => html`<option value="${one}"${one === value && html` selected`}>${label}</option>`,
    )}</select>`
  }
  const longest = maxLength !== undefined && html` maxlength="${maxLength}"`
  const mono = isMono && html` class="mono" spellcheck="false"`
  if (lines !== undefined)
    return html`<textarea id="${id}" name="${name}" rows="${lines}" autocomplete="off"${longest}${mono}${required}${described}>
${value}</textarea>`
  return html`<input id="${id}" name="${name}" value="${value}" autocomplete="${autocomplete}" dir="auto"${longest}${mono}${required}${described}>`
}

/** @param prefix - makes the ids of one form different from those of the others of the page */
function fieldOf(field: Field, prefix: string, problem: Problem | undefined): Html {
  const id = `${prefix}-${field.name}`
  const isWrong = problem?.field === field.name
  const ids = [field.hint !== undefined && `${id}-hint`, isWrong && `${id}-problem`].filter((one) => one !== false)
  const described = html`${ids.length > 0 && html` aria-describedby="${ids.join(' ')}"`}${isWrong && html` aria-invalid="true"`}`
  const value = problem?.values(field.name) ?? field.value ?? ''
  return html`<p class="field"><label for="${id}">${field.label}${field.isRequired !== true && html` <span class="quiet">(optional)</span>`}</label>
${inputOf(field, id, described, value)}
${field.hint !== undefined && html`<span class="hint" id="${id}-hint">${field.hint}</span>`}
${isWrong && html`<span class="problem" id="${id}-problem">${problem.message}</span>`}</p>`
}

const confirmField = (phrase: string): Field => ({
  name: 'confirm',
  label: 'Type it to confirm',
  hint: html`Type <strong class="phrase"><bdi>${phrase}</bdi></strong>. This cannot be reversed.`,
  isRequired: true,
  isMono: true,
})

/** The id of a form in its page, from what it is about. */
const prefixOf = ({ action, hidden }: FormOptions): string =>
  [action.split('/').slice(-2).join('-'), hidden.credential ?? hidden.kid ?? ''].join('-').replace(/[^\w-]/g, '_')

/** A form with its token. It works without scripts. */
export function form(options: FormOptions): Html {
  const { action, hidden, fields = [], button, isDangerous = false, phrase } = options
  const isAbout = (problem: Problem): boolean =>
    problem.action === action && Object.entries(hidden).every(([name, value]) => name === 'token' || value === problem.values(name))
  const problem = options.problem && isAbout(options.problem) ? options.problem : undefined
  const prefix = prefixOf(options)
  const all = phrase === undefined ? fields : [...fields, confirmField(phrase)]
  return html`<form method="post" action="${action}">
${Object.entries(hidden).map(([name, value]) => value !== undefined && html`<input type="hidden" name="${name}" value="${value}">`)}
${problem && problem.field === undefined && html`<p class="problem">${problem.message}</p>`}
${all.map((field) => fieldOf(field, prefix, problem))}
<p><button class="button ${isDangerous ? 'danger' : 'primary'}">${button}</button></p></form>`
}

/** A form that is unfolded first: what it does is not done by one wrong click. */
export function folded(summary: string, text: Content, options: FormOptions): Html {
  const isOpen = options.problem?.action === options.action
  const kind = options.isDangerous === true ? 'fold danger-fold' : 'fold'
  return html`<details class="${kind}"${isOpen && html` open`}><summary>${summary}</summary>
<div>${text !== undefined && html`<p>${text}</p>`}${form(options)}</div></details>`
}
