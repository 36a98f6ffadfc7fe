/**
 * What runs in the browser. Every page works without it: it copies a secret, sends no form twice, refreshes the overview, and leads to what is
 * wrong with a form.
 */
export const script = `'use strict'
for (const button of document.querySelectorAll('[data-copy]')) {
  const field = document.getElementById(button.dataset.copy)
  const told = document.querySelector('[data-copied]')
  button.hidden = false
  button.addEventListener('click', async () => {
    field.select()
    try {
      await navigator.clipboard.writeText(field.value)
      told.textContent = 'Copied.'
    } catch {
      told.textContent = 'It is selected: copy it with the keyboard.'
    }
  })
}

for (const form of document.querySelectorAll('form[method="post"]')) {
  form.addEventListener('submit', (event) => {
    if (form.dataset.sent === 'yes') event.preventDefault()
    form.dataset.sent = 'yes'
  })
}
// A page that comes back from the history can send its forms again: the server knows whether they were sent.
addEventListener('pageshow', () => {
  for (const form of document.querySelectorAll('form[data-sent]')) delete form.dataset.sent
})

const wrong = document.querySelector('[aria-invalid="true"]') || document.querySelector('[data-notice]')
if (wrong) wrong.focus()

const seconds = Number(document.querySelector('[data-live]')?.dataset.live)
const lost = document.querySelector('[data-lost]')
async function refresh() {
  try {
    const answer = await fetch(location.href, { headers: { accept: 'text/html' } })
    if (!answer.ok) throw new Error('no page')
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html')
    const fresh = page.querySelector('[data-live]')
    if (!fresh) throw new Error('no page')
    document.querySelector('[data-live]').replaceChildren(...fresh.childNodes)
    lost.hidden = true
  } catch {
    lost.hidden = false
  }
}
if (seconds > 0) {
  setInterval(() => {
    if (document.visibilityState === 'visible') refresh()
  }, seconds * 1000)
}
`
