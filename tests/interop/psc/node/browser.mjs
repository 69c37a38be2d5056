// A browser of a few lines: cookies by host name (a port makes no other host), redirections followed, forms read from the page.

import { plainly } from './room.mjs'

const LIMIT = 10

export class Browser {
  #cookies = new Map()

  // Goes on until a page is shown, or the product's own address is reached (it is not called).
  async open(url, options = {}) {
    let next = new URL(url)
    for (let hops = 0; hops < LIMIT; hops++) {
      if (next.hostname === 'product.test') return { url: next, page: '' }
      const headers = { ...options.headers, cookie: this.#shown(next), 'accept-language': 'en' }
      const answer = await plainly(next, { ...options, headers, redirect: 'manual' })
      this.#keep(next, answer.headers.getSetCookie())
      const location = answer.headers.get('location')
      if (!location) return { url: next, page: await answer.text(), status: answer.status }
      if (answer.status !== 307) options = {}
      next = new URL(location, next)
    }
    throw new Error(`more than ${LIMIT} redirections`)
  }

  // Sends the first posted form of a page, with what is chosen in it.
  async submit(from, chosen) {
    const action = /<form method="post" action="([^"]*)"/.exec(from.page)
    if (!action) throw new Error(`no form in: ${from.page.slice(0, 2000)}`)
    const fields = new URLSearchParams()
    const form = from.page.slice(action.index).split('</form>')[0]
    for (const [, name, value] of form.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g)) {
      fields.set(name, plain(value))
    }
    for (const [name, value] of Object.entries(chosen)) fields.set(name, value)
    const target = new URL(plain(action[1]), from.url)
    return this.open(target, { method: 'POST', body: fields, headers: { origin: target.origin } })
  }

  #shown(url) {
    return [...(this.#cookies.get(url.hostname) ?? [])].map(([name, value]) => `${name}=${value}`).join('; ')
  }

  #keep(url, set) {
    const jar = this.#cookies.get(url.hostname) ?? new Map()
    this.#cookies.set(url.hostname, jar)
    for (const cookie of set) {
      const [pair] = cookie.split(';')
      const at = pair.indexOf('=')
      if (/max-age=0/i.test(cookie)) jar.delete(pair.slice(0, at))
      else jar.set(pair.slice(0, at), pair.slice(at + 1))
    }
  }
}

const plain = (text) => text.replaceAll('&#39;', "'").replaceAll('&#34;', '"').replaceAll('&amp;', '&')
