// Opens a page in headless Chromium, runs a script in it, and prints what became of both as JSON. Speaks the browser's
// DevTools protocol over pipes, so that nothing has to be installed for it.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const [program, url, script] = process.argv.slice(1)
const profile = mkdtempSync(join(tmpdir(), 'anyfn-chromium-'))
// Without its sandbox, since root has none; and it asks nobody for news of itself.
const flags = [
  '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage', '--remote-debugging-pipe', `--user-data-dir=${profile}`,
]
const browser = spawn(program, flags, { detached: true, stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'] })
const [, , stderr, input, output] = browser.stdio
let complaints = ''
stderr.on('data', chunk => { complaints += chunk })
input.on('error', () => {})

const wait = ms => new Promise(resolve => setTimeout(resolve, ms))
const gone = new Promise(resolve => browser.once('exit', resolve))

// Its helpers outlive it for a moment, and write into the profile meanwhile.
async function end(code) {
  call('Browser.close').catch(() => {})
  await Promise.race([gone, wait(3_000)])
  try {
    process.kill(-browser.pid, 'SIGKILL')
  } catch {
    // All of them have ended by themselves.
  }
  for (let tries = 0; tries < 30; tries++) {
    try {
      rmSync(profile, { recursive: true, force: true })
      break
    } catch {
      await wait(100)
    }
  }
  process.exit(code)
}

function fail(why) {
  process.stderr.write(`${why}\n`)
  end(1)
}

browser.on('error', error => {
  rmSync(profile, { recursive: true })
  process.stderr.write(`${program} does not start: ${error.message}\n`)
  process.exit(1)
})
setTimeout(() => fail(`nothing came of it within 30 seconds; the browser says: ${complaints.slice(-2000)}`), 30_000)

const waiting = new Map(), listeners = new Map()
const errors = [], requests = []
let last = 0, rest = ''

function call(method, params = {}, sessionId) {
  const id = ++last
  input.write(`${JSON.stringify({ id, method, params, sessionId })}\0`)
  return new Promise((resolve, reject) => waiting.set(id, { resolve, reject }))
}

output.setEncoding('utf8').on('data', chunk => {
  const messages = (rest + chunk).split('\0')
  rest = messages.pop()
  for (const { id, result, error, method, params } of messages.map(message => JSON.parse(message))) {
    if (id) error ? waiting.get(id).reject(new Error(error.message)) : waiting.get(id).resolve(result)
    else listeners.get(method)?.(params)
  }
})

const told = ({ exception, text }) => exception?.description ?? exception?.value ?? text
listeners.set('Runtime.exceptionThrown', ({ exceptionDetails }) => errors.push(told(exceptionDetails)))
listeners.set('Log.entryAdded', ({ entry }) => entry.level === 'error' && errors.push(`${entry.text} ${entry.url ?? ''}`.trim()))
listeners.set('Runtime.consoleAPICalled', ({ type, args }) =>
  type === 'error' && errors.push(args.map(arg => arg.description ?? arg.value).join(' ')))
listeners.set('Network.requestWillBeSent', ({ request }) => requests.push(request.url))
const loaded = new Promise(resolve => listeners.set('Page.loadEventFired', resolve))

try {
  const { targetId } = await call('Target.createTarget', { url: 'about:blank' })
  const { sessionId } = await call('Target.attachToTarget', { targetId, flatten: true })
  for (const domain of ['Runtime', 'Log', 'Network', 'Page']) await call(`${domain}.enable`, {}, sessionId)
  const { errorText } = await call('Page.navigate', { url }, sessionId)
  if (errorText) throw new Error(errorText)
  await loaded
  const expression = `(async () => { ${script}\n })()`
  const asked = { expression, awaitPromise: true, returnByValue: true, userGesture: true }
  const { result, exceptionDetails } = await call('Runtime.evaluate', asked, sessionId)
  if (exceptionDetails) throw new Error(`${told(exceptionDetails)}${errors.map(error => `\nthe page: ${error}`).join('')}`)
  process.stdout.write(JSON.stringify({ value: result.value ?? null, errors, requests }), () => end(0))
} catch (error) {
  fail(error.message)
}
